// Works with the extension as a person would: opens a project, reads a finding, takes its mending, completes, looks at the picture and the
// message, runs the scenarios. Each step waits for what must appear and fails if it does not; on the way it takes the pictures of the pages.
const { spawn } = require("node:child_process");
const { mkdirSync, readFileSync, writeFileSync } = require("node:fs");
const { createServer } = require("node:net");
const { join } = require("node:path");
const { chromium } = require("playwright-core");

const [folder, onward, browserPath, pictures, entry] = process.argv.slice(2);
const shop = join(folder, "work/shop");
const cart = join(shop, "cart.journey");
const LIMIT = Number(process.env.ONWARD_PATIENCE ?? 60_000);

function settings() {
  const user = join(folder, "home/data/User");
  mkdirSync(user, { recursive: true });
  writeFileSync(join(user, "settings.json"), JSON.stringify({
    "onward.path": onward,
    "onward.locale": "en",
    "workbench.colorTheme": "Default Light Modern",
    "workbench.startupEditor": "none",
    "workbench.secondarySideBar.defaultVisibility": "hidden",
    "workbench.tips.enabled": false,
    "workbench.layoutControl.enabled": false,
    "security.workspace.trust.enabled": false,
    "telemetry.telemetryLevel": "off",
    "update.mode": "none",
    "extensions.autoCheckUpdates": false,
    "editor.fontFamily": "DejaVu Sans Mono, Noto Sans Thai, monospace",
    "editor.fontSize": 13,
    "editor.minimap.enabled": false,
    "editor.formatOnSave": false,
    "editor.cursorBlinking": "solid",
    "files.autoSave": "off",
    "chat.commandCenter.enabled": false,
  }));
}

function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

async function answers(url, child) {
  for (const until = Date.now() + LIMIT; Date.now() < until; ) {
    if (child.exitCode !== null) throw new Error("code-server has ended");
    try {
      if ((await fetch(url)).ok) return;
    } catch {
      // Not yet.
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error("code-server does not answer");
}

async function until(what, holds) {
  let last;
  for (const end = Date.now() + LIMIT; Date.now() < end; ) {
    last = await holds();
    if (last) return last;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`not seen: ${what}`);
}

async function command(page, title) {
  await page.keyboard.press("F1");
  const input = page.locator(".quick-input-widget input[type=text]").first();
  await input.waitFor({ timeout: LIMIT });
  await input.fill(`>${title}`);
  await page.locator(".quick-input-list .monaco-list-row", { hasText: title }).first().waitFor({ timeout: LIMIT });
  await page.keyboard.press("Enter");
}

/** Opens a file from the explorer: searching by name needs ripgrep, which the npm package lacks. */
async function open(page, name) {
  await page.locator(".explorer-folders-view .monaco-list-row", { hasText: name }).first().dblclick({ timeout: LIMIT });
  await page.locator(`.tab.active[data-resource-name="${name}"]`).waitFor({ timeout: LIMIT });
}

/** Puts the cursor at a line and column, counted from one. */
async function goTo(page, line, column) {
  await page.keyboard.press("Control+p");
  const input = page.locator(".quick-input-widget input[type=text]");
  await input.first().waitFor({ timeout: LIMIT });
  await input.first().fill(`:${line}:${column}`);
  await page.locator(".quick-input-list .monaco-list-row", { hasText: /^Go to line/ }).first().waitFor({ timeout: LIMIT });
  await page.keyboard.press("Enter");
  await until(`Ln ${line}, Col ${column}`, async () => (await page.locator("#status\\.editor\\.selection").innerText()).includes(`Ln ${line}, Col ${column}`));
}

const found = (text, part) => {
  const lines = text.split("\n");
  const line = lines.findIndex((one) => one.includes(part));
  if (line < 0) throw new Error(`the shop has no ${part}`);
  return { line: line + 1, column: lines[line].indexOf(part) + 1 };
};

async function shoot(page, name, still) {
  // A mouse that moves takes a hover away.
  if (!still) await page.mouse.move(1270, 4);
  await page.screenshot({ path: join(pictures, `${name}.png`) });
}

/** The colours that words of the line with `part` are painted in. */
async function colours(page, part) {
  return page.evaluate((part) => {
    const line = [...document.querySelectorAll(".view-line")].find((one) => one.textContent.replace(/\u00a0/g, " ").includes(part));
    return line ? Object.fromEntries([...line.querySelectorAll("span > span")].map((one) => [one.textContent.replace(/\u00a0/g, " ").trim(), getComputedStyle(one).color])) : undefined;
  }, part);
}

/** The text inside a pane, through the frames that VS Code puts around it. */
async function inPane(page, selector) {
  for (const frame of page.frames()) {
    const there = await frame.locator(selector).count().catch(() => 0);
    if (there > 0) return frame.locator(selector).first();
  }
  return undefined;
}

async function work(page) {
  const text = readFileSync(cart, "utf8");
  await page.locator(".monaco-workbench").waitFor({ timeout: LIMIT });
  await open(page, "cart.journey");

  // Highlighting, by the grammar: words of different roles have different colours.
  const journey = found(text, "journey cart_recovery");
  await goTo(page, journey.line, 1);
  const painted = await until("colours", async () => {
    const now = await colours(page, "journey cart_recovery");
    return now && new Set(Object.values(now)).size >= 3 ? now : undefined;
  });
  console.log("highlighting:", JSON.stringify(painted));
  // The server is there: the status bar has its tick.
  await until("the tick in the status bar", async () => (await page.locator("#onward\\.onward\\.status, [id$='onward.status']").first().getAttribute("aria-label").catch(() => ""))?.includes("0 errors"));
  await page.locator(".codelens-decoration:visible").first().waitFor({ timeout: LIMIT });
  await shoot(page, "overview");

  // A mistake, its finding, its mending.
  const stock = found(text, "item.stock is 0");
  await goTo(page, stock.line, stock.column + "item.stock".length);
  for (let i = 0; i < 2; i++) await page.keyboard.press("Backspace");
  await page.keyboard.type("k");
  await page.keyboard.press("Escape");
  await page.locator(".squiggly-error").first().waitFor({ timeout: LIMIT });
  await goTo(page, stock.line, stock.column + "item.st".length);
  await command(page, "Show or Focus Hover");
  const hover = page.locator(".monaco-hover-content", { hasText: "has no" }).first();
  await hover.waitFor({ timeout: LIMIT });
  console.log("finding:", (await hover.innerText()).split("\n")[0]);
  await shoot(page, "finding", true);
  await page.keyboard.press("Escape");
  await page.keyboard.press("Control+.");
  const fix = page.locator(".action-widget .monaco-list-row", { hasText: "stock" }).first();
  await fix.waitFor({ timeout: LIMIT });
  console.log("fix:", await fix.innerText());
  await shoot(page, "fix");
  await page.keyboard.press("Enter");
  await until("the mended line", async () => (await page.locator(".view-lines").innerText()).replace(/\u00a0/g, " ").includes("item.stock is 0"));
  await until("no finding", async () => (await page.locator(".squiggly-error").count()) === 0);

  // Completion that knows the place.
  await goTo(page, stock.line, 1);
  await page.keyboard.press("Home");
  await page.keyboard.press("Control+Shift+Enter");
  await page.keyboard.type("if customer.");
  const offer = page.locator(".suggest-widget .monaco-list-row", { hasText: "first_name" }).first();
  await offer.waitFor({ timeout: LIMIT }).catch(async () => {
    await page.keyboard.press("Control+Space");
    await offer.waitFor({ timeout: LIMIT });
  });
  console.log("completion:", (await page.locator(".suggest-widget .monaco-list-row").allInnerTexts()).map((row) => row.split("\n")[0]).join(", "));
  await shoot(page, "completion");
  await page.keyboard.press("Escape");
  await command(page, "File: Revert File");
  await until("the file as it was", async () => (await page.locator(".squiggly-error").count()) === 0);

  // Two panes that follow the cursor; with the explorer away there is room for them.
  await command(page, "View: Toggle Primary Side Bar Visibility");
  await goTo(page, journey.line + 8, 5);
  await command(page, "Onward: Show the picture of the journey");
  await until("the picture", () => inPane(page, "main.drawing svg"));
  await shoot(page, "picture");
  await command(page, "View: Focus First Editor Group");
  const message = found(text, "{{ item.name }} is still");
  await goTo(page, message.line, message.column);
  await command(page, "Onward: Show the message as its receiver sees it");
  const mail = await until("the message", () => inPane(page, "main.mail"));
  console.log("message:", (await mail.innerText()).slice(0, 80));
  await shoot(page, "message");

  // The scenarios, without a terminal.
  await command(page, "View: Focus First Editor Group");
  await command(page, "Onward: Run the scenarios");
  const said = await until("the scenarios' result", async () => {
    const now = (await page.locator(".part.panel .view-lines").innerText().catch(() => "")).replace(/\u00a0/g, " ");
    return /scenario/.test(now) ? now : undefined;
  });
  console.log("scenarios:", said.trim().split("\n").pop());
  await shoot(page, "scenarios");

  // What leads a newcomer through all this.
  await command(page, "View: Hide Panel");
  await command(page, "View: Close All Editors");
  await command(page, "Welcome: Open Walkthrough...");
  await page.locator(".quick-input-list .monaco-list-row", { hasText: "Write your first customer journey" }).first().click({ timeout: LIMIT });
  await page.locator(".getting-started-step", { hasText: "Take the mending of a mistake" }).first().click({ timeout: LIMIT });
  await page.locator(".getting-started-media img, .getting-started-media webview, .getting-started-media iframe").first().waitFor({ timeout: LIMIT });
  console.log("walkthrough:", (await page.locator(".getting-started-step .step-title").allInnerTexts()).join("; "));
  await shoot(page, "walkthrough");
}

async function main() {
  settings();
  const port = await freePort();
  const words = [entry, "--auth", "none", "--bind-addr", `127.0.0.1:${port}`, "--user-data-dir", join(folder, "home/data"), "--extensions-dir", join(folder, "home/extensions"), "--config", join(folder, "home/config.yaml"), "--disable-telemetry", "--disable-update-check"];
  const server = spawn(process.execPath, words, { stdio: ["ignore", "ignore", "inherit"] });
  let browser;
  try {
    await answers(`http://127.0.0.1:${port}/healthz`, server);
    browser = await chromium.launch({ executablePath: browserPath, args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"] });
    const page = await browser.newPage({ viewport: { width: 1280, height: 800 }, deviceScaleFactor: 1 });
    await page.goto(`http://127.0.0.1:${port}/?folder=${encodeURIComponent(shop)}`);
    try {
      await work(page);
    } catch (failure) {
      await page.screenshot({ path: join(folder, "failed.png") });
      console.error(`see ${join(folder, "failed.png")}`);
      throw failure;
    }
    console.log("everything was seen");
  } finally {
    await browser?.close();
    server.kill();
  }
}

main().catch((failure) => {
  console.error(failure);
  process.exitCode = 1;
});
