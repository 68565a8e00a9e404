// The onward program: which one it is, and running it for a command. Nothing here goes through a shell.
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import * as vscode from "vscode";

/** The most that is read of what a command prints, in bytes. */
const MOST_OUTPUT = 16 * 1024 * 1024;
/** How long a command may take, in milliseconds. */
const MOST_TIME = 10 * 60 * 1000;

export interface Answer {
  /** The exit code; undefined where the program did not start or was ended. */
  code: number | undefined;
  text: string;
}

/** The program that the settings name, else the one in the extension, else the one on the path. */
export function program(context: vscode.ExtensionContext): string {
  const said = settings().get<string>("path", "").trim();
  if (said !== "") return said;
  const carried = join(context.extensionPath, "bin", process.platform === "win32" ? "onward.exe" : "onward");
  return existsSync(carried) ? carried : "onward";
}

export function settings(): vscode.WorkspaceConfiguration {
  return vscode.workspace.getConfiguration("onward");
}

/** `en` or `th`: what the settings say, else VS Code's own language. */
export function locale(): string {
  const said = settings().get<string>("locale", "auto");
  if (said !== "auto") return said;
  return vscode.env.language.toLowerCase().startsWith("th") ? "th" : "en";
}

/** What the program is started with: its language, and no colours. */
export function environment(): NodeJS.ProcessEnv {
  return { ...process.env, ONWARD_LOCALE: locale(), NO_COLOR: "1" };
}

/** Runs the program and gives back what it printed; the caller can end it by the token. */
export function run(program: string, folder: string, words: string[], token?: vscode.CancellationToken): Promise<Answer> {
  return new Promise((resolve) => {
    const options = { cwd: folder, env: environment(), maxBuffer: MOST_OUTPUT, timeout: MOST_TIME, windowsHide: true };
    const child = execFile(program, words, options, (failure, out, error) => {
      const code = failure === null ? 0 : typeof failure.code === "number" ? failure.code : undefined;
      const why = code === undefined && failure !== null ? `${failure.message}\n` : "";
      resolve({ code, text: `${out}${error}${why}` });
    });
    token?.onCancellationRequested(() => child.kill());
  });
}
