// Onward in VS Code: starts `onward lsp`, says below how it goes, and offers the commands of the program without a terminal.
import { basename, dirname, join } from "node:path";
import * as vscode from "vscode";
import { LanguageClient, State, type LanguageClientOptions, type ServerOptions } from "vscode-languageclient/node";
import { Pane } from "./pane";
import { environment, locale, program, run } from "./program";

/** What a line above a declaration is about. */
interface About {
  journey?: string;
  message?: string;
}

/** Commands in the lines above declarations that the editor does itself. */
const lines = new Map<string, (about?: About) => Promise<void>>();
let registered: vscode.Disposable[] = [];

let client: LanguageClient | undefined;
let output: vscode.OutputChannel;
let log: vscode.LogOutputChannel;
let status: vscode.StatusBarItem;

export async function activate(context: vscode.ExtensionContext): Promise<void> {
  output = vscode.window.createOutputChannel("Onward");
  log = vscode.window.createOutputChannel("Onward Language Server", { log: true });
  status = vscode.window.createStatusBarItem("onward.status", vscode.StatusBarAlignment.Left, 0);
  status.name = "Onward";
  const picture = new Pane("picture", () => client);
  const preview = new Pane("preview", () => client);
  context.subscriptions.push(output, log, status, picture, preview);

  const command = (name: string, does: (...given: any[]) => unknown): void => {
    context.subscriptions.push(vscode.commands.registerCommand(`onward.${name}`, does));
  };
  command("checkProject", () => report(context, vscode.l10n.t("Checking"), ["check"]));
  command("testProject", () => report(context, vscode.l10n.t("Running the scenarios"), ["test"]));
  command("simulate", () => report(context, vscode.l10n.t("Simulating"), ["simulate"]));
  command("picture", () => picture.show());
  command("preview", () => preview.show());
  lines.set("onward.showPicture", (about) => picture.show(placeOf("journey", about?.journey)));
  lines.set("onward.showPreview", (about) => preview.show(placeOf("message", about?.message)));
  command("explain", () => explain(context));
  command("choosePath", () => choosePath());
  command("newProject", () => newProject(context));
  command("restart", () => restart(context));
  command("output", () => output.show());

  context.subscriptions.push(
    vscode.languages.onDidChangeDiagnostics(() => showStatus()),
    vscode.workspace.onDidChangeConfiguration((change) => {
      if (change.affectsConfiguration("onward.path") || change.affectsConfiguration("onward.locale")) void restart(context);
    }),
  );
  await start(context);
}

export async function deactivate(): Promise<void> {
  await client?.stop();
}

async function start(context: vscode.ExtensionContext): Promise<void> {
  const file = program(context);
  const server: ServerOptions = { command: file, args: ["lsp"], options: { env: environment() } };
  const options: LanguageClientOptions = {
    documentSelector: [{ scheme: "file", language: "journey" }],
    synchronize: { fileEvents: vscode.workspace.createFileSystemWatcher("**/{*.journey,onward.toml,*.mjml,*.html,*.liquid,*.txt}") },
    initializationOptions: { locale: locale() },
    outputChannel: log,
    middleware: {
      // A server may count them among its own; they are done here all the same.
      executeCommand: async (command, given, next) => {
        const own = lines.get(command);
        return own === undefined ? next(command, given) : own(given[0] as About | undefined);
      },
    },
  };
  client = new LanguageClient("onward", "Onward", server, options);
  client.onDidChangeState(() => showStatus());
  client.onNotification("onward/scenarios", (played: { text: string }) => {
    output.appendLine("");
    output.append(played.text);
    output.show(true);
  });
  try {
    await client.start();
    const theirs = client.initializeResult?.capabilities.executeCommandProvider?.commands ?? [];
    registered = [...lines].filter(([name]) => !theirs.includes(name)).map(([name, does]) => vscode.commands.registerCommand(name, does));
  } catch (failure) {
    log.error(String(failure));
    void offer(file);
  }
  showStatus();
}

async function restart(context: vscode.ExtensionContext): Promise<void> {
  const old = client;
  client = undefined;
  for (const one of registered.splice(0)) one.dispose();
  // One that never started cannot be stopped; a new one is started all the same.
  await old?.stop().catch((failure: unknown) => log.error(String(failure)));
  await start(context);
}

/** The program could not be started: says so, with the way out. */
async function offer(file: string): Promise<void> {
  const choose = vscode.l10n.t("Choose the program…");
  const said = await vscode.window.showErrorMessage(vscode.l10n.t("The program {0} could not be started, so mistakes are not found while you write.", file), choose);
  if (said === choose) await choosePath();
}

function showStatus(): void {
  const running = client?.state === State.Running;
  void vscode.commands.executeCommand("setContext", "onward.running", running);
  let errors = 0;
  let warnings = 0;
  for (const [uri, findings] of vscode.languages.getDiagnostics()) {
    if (!uri.path.endsWith(".journey")) continue;
    for (const finding of findings) {
      if (finding.severity === vscode.DiagnosticSeverity.Error) errors += 1;
      else if (finding.severity === vscode.DiagnosticSeverity.Warning) warnings += 1;
    }
  }
  status.text = !running ? "$(circle-slash) Onward" : errors + warnings === 0 ? "$(check) Onward" : `$(error) ${errors} $(warning) ${warnings} Onward`;
  status.tooltip = running ? vscode.l10n.t("Onward: {0} errors, {1} warnings in the journeys", errors, warnings) : vscode.l10n.t("Onward is not running: choose the program");
  status.command = running ? "workbench.actions.view.problems" : "onward.choosePath";
  status.backgroundColor = running ? undefined : new vscode.ThemeColor("statusBarItem.warningBackground");
  status.show();
}

/** The folder with onward.toml above the file that is open; else the first folder of the window. */
async function project(): Promise<string | undefined> {
  const uri = vscode.window.activeTextEditor?.document.uri;
  if (uri?.scheme === "file") {
    for (let folder = dirname(uri.fsPath); ; folder = dirname(folder)) {
      if (await there(join(folder, "onward.toml"))) return folder;
      if (dirname(folder) === folder) break;
    }
  }
  const found = await vscode.workspace.findFiles("**/onward.toml", "**/node_modules/**", 1);
  const first = found[0];
  return first !== undefined ? dirname(first.fsPath) : vscode.workspace.workspaceFolders?.[0]?.uri.fsPath;
}

async function there(file: string): Promise<boolean> {
  return vscode.workspace.fs.stat(vscode.Uri.file(file)).then(
    () => true,
    () => false,
  );
}

/** Where something is declared in the text that is open. */
function placeOf(kind: string, name: string | undefined): vscode.Position | undefined {
  const document = vscode.window.activeTextEditor?.document;
  if (document === undefined || name === undefined) return undefined;
  const declared = new RegExp(`^([ \\t]*${kind}[ \\t]+)\`?${name.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")}`, "mu").exec(document.getText());
  return declared === null ? undefined : document.positionAt(declared.index + (declared[1] ?? "").length);
}

/** Runs a command of the program over the saved project, and shows what it says in the output. */
async function report(context: vscode.ExtensionContext, title: string, words: string[]): Promise<void> {
  const folder = await project();
  if (folder === undefined) {
    void vscode.window.showWarningMessage(vscode.l10n.t("Open the folder of a project first."));
    return;
  }
  await vscode.workspace.saveAll(false);
  const file = program(context);
  const progress = { location: vscode.ProgressLocation.Notification, title: `Onward: ${title}`, cancellable: true };
  const answer = await vscode.window.withProgress(progress, (_, token) => run(file, folder, words, token));
  output.appendLine(`\n── ${words[0]} · ${basename(folder)} ──`);
  output.append(answer.text);
  output.show(true);
  if (answer.code === undefined) void offer(file);
}

/** Explains the finding at the cursor; where there is none, asks for its code. */
async function explain(context: vscode.ExtensionContext): Promise<void> {
  const editor = vscode.window.activeTextEditor;
  const here = editor === undefined ? [] : vscode.languages.getDiagnostics(editor.document.uri).filter((finding) => finding.range.contains(editor.selection.active));
  const code = here.map((finding) => (typeof finding.code === "object" ? finding.code.value : finding.code)).find((code) => code !== undefined);
  const said = code?.toString() ?? (await vscode.window.showInputBox({ prompt: vscode.l10n.t("The code of the finding, for example E0203") }));
  if (said === undefined || !/^[EW][0-9]{4}$/.test(said)) return;
  const answer = await run(program(context), (await project()) ?? process.cwd(), ["explain", said]);
  output.appendLine("");
  output.append(answer.text);
  output.show(true);
}

async function choosePath(): Promise<void> {
  const chosen = await vscode.window.showOpenDialog({ canSelectMany: false, title: vscode.l10n.t("The onward program") });
  const file = chosen?.[0];
  if (file === undefined) return;
  await vscode.workspace.getConfiguration("onward").update("path", file.fsPath, vscode.ConfigurationTarget.Global);
}

async function newProject(context: vscode.ExtensionContext): Promise<void> {
  const parents = await vscode.window.showOpenDialog({ canSelectFiles: false, canSelectFolders: true, canSelectMany: false, openLabel: vscode.l10n.t("Put the project here") });
  const parent = parents?.[0];
  if (parent === undefined) return;
  const name = await vscode.window.showInputBox({
    prompt: vscode.l10n.t("The name of the new folder"),
    value: "journeys",
    validateInput: (text) => (text.trim() === "" || /[\\/:]/.test(text) ? vscode.l10n.t("A name without / \\ and :") : undefined),
  });
  if (name === undefined) return;
  const folder = join(parent.fsPath, name.trim());
  const answer = await run(program(context), parent.fsPath, ["init", folder]);
  if (answer.code !== 0) {
    output.append(answer.text);
    output.show(true);
    return;
  }
  await vscode.commands.executeCommand("vscode.openFolder", vscode.Uri.file(folder));
}
