// A pane beside the text that follows the cursor: the picture of a journey, or a message as its receiver sees it.
import * as vscode from "vscode";
import type { LanguageClient } from "vscode-languageclient/node";

/** How long the cursor rests before the pane is drawn again, in milliseconds. */
const REST = 120;

/** What the server answers: a journey's picture. */
interface Picture {
  kind: "journey";
  name: string;
  svg: string;
  /** Whether this is the last version without errors, not the one that is open. */
  stale?: boolean;
}

/** What the server answers: a message with sample values, one content for each channel and language. */
interface Message {
  kind: "message";
  name: string;
  contents: Content[];
  stale?: boolean;
}

interface Content {
  /** Why this content cannot be shown; the rest is missing then. */
  error?: string;
  channel?: string;
  language?: string | null;
  heldBack?: string[];
  parts?: { name: string; text: string; html: boolean }[];
}

type Shown = Picture | Message | null;

export type Kind = "picture" | "preview";

/** One pane of each kind at most. */
export class Pane implements vscode.Disposable {
  private panel: vscode.WebviewPanel | undefined;
  private rest: NodeJS.Timeout | undefined;
  private asked = 0;
  private readonly listeners: vscode.Disposable[];

  constructor(
    private readonly kind: Kind,
    private readonly client: () => LanguageClient | undefined,
  ) {
    this.listeners = [
      vscode.window.onDidChangeTextEditorSelection((change) => this.later(change.textEditor)),
      vscode.window.onDidChangeActiveTextEditor((editor) => this.later(editor)),
      vscode.workspace.onDidChangeTextDocument((change) => {
        const editor = vscode.window.activeTextEditor;
        if (editor?.document === change.document) this.later(editor);
      }),
    ];
  }

  /** Opens the pane for the place of the cursor, or for `at` in the text that is open. */
  async show(at?: vscode.Position): Promise<void> {
    const editor = vscode.window.activeTextEditor;
    if (this.panel === undefined) {
      const title = this.kind === "picture" ? vscode.l10n.t("Picture") : vscode.l10n.t("Message");
      // Nothing in a pane runs: what is shown is a drawing or a mail.
      this.panel = vscode.window.createWebviewPanel(`onward.${this.kind}`, title, { viewColumn: vscode.ViewColumn.Beside, preserveFocus: true }, {
        enableScripts: false,
        localResourceRoots: [],
      });
      this.panel.onDidDispose(() => (this.panel = undefined));
    } else {
      this.panel.reveal(undefined, true);
    }
    if (editor !== undefined) await this.draw(editor, at ?? editor.selection.active);
  }

  dispose(): void {
    clearTimeout(this.rest);
    for (const listener of this.listeners) listener.dispose();
    this.panel?.dispose();
  }

  private later(editor: vscode.TextEditor | undefined): void {
    if (this.panel === undefined || editor?.document.languageId !== "journey") return;
    clearTimeout(this.rest);
    this.rest = setTimeout(() => void this.draw(editor, editor.selection.active), REST);
  }

  private async draw(editor: vscode.TextEditor, position: vscode.Position): Promise<void> {
    const client = this.client();
    if (client === undefined || this.panel === undefined) return;
    const turn = ++this.asked;
    const uri = client.code2ProtocolConverter.asUri(editor.document.uri);
    const place = client.code2ProtocolConverter.asPosition(position);
    const question = { textDocument: { uri }, position: place };
    let page: string | undefined;
    try {
      const answer: unknown = await client.sendRequest(`onward/${this.kind}`, question);
      page = pageOf(answer as Shown);
    } catch (failure) {
      page = note(failure instanceof Error ? failure.message : String(failure));
    }
    // An answer to an older question, or nothing at this place: what stands there stays.
    if (turn !== this.asked || this.panel === undefined) return;
    if (page !== undefined) this.panel.webview.html = page;
    else if (this.panel.webview.html === "") this.panel.webview.html = note(nothing(this.kind));
  }
}

function nothing(kind: Kind): string {
  return kind === "picture"
    ? vscode.l10n.t("Put the cursor into a journey to see its picture.")
    : vscode.l10n.t("Put the cursor into a message to see what arrives.");
}

function pageOf(shown: Shown): string | undefined {
  if (shown === null) return undefined;
  const stale = shown.stale ? `<p class="note">${escape(vscode.l10n.t("The project has errors: this is the last version without any."))}</p>` : "";
  const heading = `<h1>${escape(shown.name)}</h1>`;
  if (shown.kind === "journey") return page(`${stale}${heading}<main class="drawing">${shown.svg}</main>`);
  return page(`${stale}${heading}<main class="mail">${shown.contents.map(content).join("")}</main>`);
}

function content(shown: Content): string {
  if (shown.error !== undefined) return `<section><p class="note">${escape(shown.error)}</p></section>`;
  const title = [shown.channel, shown.language].filter((part) => part).join(" · ");
  const held = (shown.heldBack ?? []).map((why) => `<p class="note">${escape(why)}</p>`).join("");
  const parts = (shown.parts ?? []).map((part) => {
    // A mail has styles of its own: it stands in a frame, where nothing runs.
    const body = part.html ? `<iframe sandbox="" srcdoc="${escape(part.text)}"></iframe>` : `<pre>${escape(part.text)}</pre>`;
    return `<dt>${escape(part.name)}</dt><dd>${body}</dd>`;
  });
  return `<section><h2>${escape(title)}</h2>${held}<dl>${parts.join("")}</dl></section>`;
}

function note(text: string): string {
  return page(`<p class="note">${escape(text)}</p>`);
}

function page(body: string): string {
  return `<!DOCTYPE html><html><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data: https:; style-src 'unsafe-inline'; frame-src 'self' data:">
<style>
  body { margin: 0; padding: 12px; }
  .drawing { background: #fff; border-radius: 6px; padding: 8px; overflow: auto; }
  .drawing svg { max-width: 100%; height: auto; }
  h1 { font-size: 1.1em; margin: 0 0 8px; }
  h2 { font-size: 1em; margin: 0 0 4px; }
  section { border: 1px solid var(--vscode-panel-border); border-radius: 6px; padding: 8px 12px; margin-bottom: 12px; }
  dl { margin: 0; }
  dt { color: var(--vscode-descriptionForeground); font-size: 0.9em; }
  dd { margin: 0 0 6px; }
  iframe { width: 100%; height: 340px; border: 0; background: #fff; border-radius: 6px; }
  pre { white-space: pre-wrap; font-family: var(--vscode-font-family); font-size: 1.05em; margin: 0; }
  .note { color: var(--vscode-descriptionForeground); }
</style></head><body>${body}</body></html>`;
}

function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}
