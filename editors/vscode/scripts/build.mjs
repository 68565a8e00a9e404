// Bundles the extension into dist/: one file of code, and the grammar that all editors share.
import { build } from "esbuild";
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = join(dirname(fileURLToPath(import.meta.url)), "..");
mkdirSync(join(here, "dist"), { recursive: true });
// The grammar lies beside this folder; where only this folder was copied, its place is said by the environment.
const textmate = process.env.ONWARD_TEXTMATE ?? join(here, "../textmate");
copyFileSync(join(textmate, "onward.tmLanguage.json"), join(here, "dist/onward.tmLanguage.json"));
const licences = process.env.ONWARD_LICENCES ?? join(here, "../..");
const both = ["LICENSE-MIT", "LICENSE-APACHE"].map((name) => readFileSync(join(licences, name), "utf8"));
writeFileSync(join(here, "LICENSE.txt"), `Under the one or the other of these licences, as you like.\n\n${both.join("\n\n")}`);
await build({
  absWorkingDir: here,
  entryPoints: ["src/extension.ts"],
  outfile: "dist/extension.js",
  bundle: true,
  platform: "node",
  format: "cjs",
  target: "node20",
  external: ["vscode"],
  minify: true,
  logLevel: "warning",
});
