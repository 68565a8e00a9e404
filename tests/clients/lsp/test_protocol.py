"""`onward lsp` under pytest-lsp: every answer is taken apart by lsprotocol's own types, so what the protocol does not allow fails here."""

import asyncio
import json
import os
import pathlib
import shutil

import pytest
import pytest_lsp
from lsprotocol import types as t
from pygls.exceptions import JsonRpcException
from pytest_lsp import ClientServerConfig, LanguageClient, client_capabilities, make_test_lsp_client

LIMIT = 30.0


class Project:
    """A copy of the shop, with the text that the editor has of each open file."""

    def __init__(self, client: LanguageClient, folder: pathlib.Path):
        self.client, self.folder, self.texts, self.versions = client, folder, {}, {}

    def uri(self, name: str) -> str:
        return (self.folder / name).as_uri()

    def open(self, name: str) -> None:
        self.texts[name], self.versions[name] = (self.folder / name).read_text(encoding="utf-8"), 1
        item = t.TextDocumentItem(uri=self.uri(name), language_id="journey", version=1, text=self.texts[name])
        self.client.text_document_did_open(t.DidOpenTextDocumentParams(text_document=item))

    def replace(self, name: str, old: str, new: str) -> None:
        """One incremental change, as an editor sends it."""
        text = self.texts[name]
        assert text.count(old) == 1, old
        at = text.index(old)
        span = t.Range(self.position(name, at), self.position(name, at + len(old)))
        self.texts[name] = text.replace(old, new)
        self.versions[name] += 1
        self.client.text_document_did_change(
            t.DidChangeTextDocumentParams(
                text_document=t.VersionedTextDocumentIdentifier(uri=self.uri(name), version=self.versions[name]),
                content_changes=[t.TextDocumentContentChangePartial(range=span, text=new)],
            )
        )

    def position(self, name: str, at: int) -> t.Position:
        before = self.texts[name][:at]
        line = before.count("\n")
        return t.Position(line, len(before[before.rfind("\n") + 1 :].encode("utf-16-le")) // 2)

    def at(self, name: str, part: str, into: int = 0) -> dict:
        """The parameters of a request about the place `into` characters behind the beginning of `part`."""
        place = self.texts[name].index(part) + into
        return {"text_document": t.TextDocumentIdentifier(uri=self.uri(name)), "position": self.position(name, place)}

    def text_of(self, name: str, span: t.Range) -> str:
        lines = self.texts[name].split("\n")
        assert span.start.line == span.end.line
        units = lines[span.start.line].encode("utf-16-le")
        return units[2 * span.start.character : 2 * span.end.character].decode("utf-16-le")

    async def diagnostics(self, name: str, holds) -> list:
        """What was last published for a file, once `holds` says yes to it."""

        async def wait():
            while True:
                found = self.client.diagnostics.get(self.uri(name))
                if found is not None and holds(found):
                    return found
                await self.client.wait_for_notification(t.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)

        return await asyncio.wait_for(wait(), LIMIT)

    def apply(self, edit: t.WorkspaceEdit) -> dict:
        """How many places of which file an edit changes; the texts are changed."""
        changes = dict(edit.changes or {})
        for change in edit.document_changes or []:
            changes[change.text_document.uri] = change.edits
        counts = {}
        for uri, edits in changes.items():
            name = str(pathlib.Path(t_path(uri)).relative_to(self.folder))
            if name not in self.texts:
                self.texts[name] = (self.folder / name).read_text(encoding="utf-8")
            for one in sorted(edits, key=lambda one: (one.range.start.line, one.range.start.character), reverse=True):
                self.texts[name] = self.patched(name, one)
            counts[name] = len(edits)
        return counts

    def patched(self, name: str, edit: t.TextEdit) -> str:
        def offset(place: t.Position) -> int:
            lines = self.texts[name].split("\n")
            if place.line >= len(lines):
                return len(self.texts[name])
            inside = lines[place.line].encode("utf-16-le")[: 2 * place.character].decode("utf-16-le")
            return sum(len(line) + 1 for line in lines[: place.line]) + len(inside)

        text = self.texts[name]
        return text[: offset(edit.range.start)] + edit.new_text + text[offset(edit.range.end) :]


def t_path(uri: str) -> str:
    from urllib.parse import unquote, urlparse

    return unquote(urlparse(uri).path)


def errors(found: list) -> list:
    return [one for one in found if one.severity == t.DiagnosticSeverity.Error]


def editor() -> LanguageClient:
    """pytest-lsp's client, which also answers what a server may ask of an editor with the capabilities of VS Code."""
    client = make_test_lsp_client()
    client.asked = []

    @client.feature("client/registerCapability")
    def _register(params: t.RegistrationParams) -> None:
        client.asked += [one.method for one in params.registrations]

    @client.feature("workspace/codeLens/refresh")
    @client.feature("workspace/inlayHint/refresh")
    def _refresh(*_) -> None:
        return None

    return client


# The capabilities that VS Code announces, as pytest-lsp keeps them.
@pytest_lsp.fixture(config=ClientServerConfig(server_command=[os.environ["ONWARD"], "lsp"], client_factory=editor))
async def client(lsp_client: LanguageClient, tmp_path: pathlib.Path):
    folder = tmp_path / "ร้าน ของเรา"
    shutil.copytree(os.environ["ONWARD_SHOP"], folder)
    lsp_client.project = Project(lsp_client, folder)
    lsp_client.project.server = await lsp_client.initialize_session(
        t.InitializeParams(
            capabilities=client_capabilities("visual-studio-code"),
            root_uri=folder.as_uri(),
            workspace_folders=[t.WorkspaceFolder(uri=folder.as_uri(), name="shop")],
        )
    )
    yield
    await lsp_client.shutdown_session()


@pytest.fixture
def shop(client: LanguageClient) -> Project:
    client.project.open("cart.journey")
    return client.project


async def test_a_finding_has_its_columns_its_code_and_its_mending(client, shop):
    shop.replace("cart.journey", "if item.stock is 0", 'if customer.first_name is "ก้ำ🙏" and item.stok is 0')
    found = errors(await shop.diagnostics("cart.journey", errors))
    assert [one.code for one in found] == ["E0104"]
    assert shop.text_of("cart.journey", found[0].range) == "stok"
    assert "has no `stok`" in found[0].message
    actions = await client.text_document_code_action_async(
        t.CodeActionParams(
            text_document=t.TextDocumentIdentifier(uri=shop.uri("cart.journey")),
            range=found[0].range,
            context=t.CodeActionContext(diagnostics=found),
        )
    )
    fixes = [one for one in actions if isinstance(one, t.CodeAction) and one.edit]
    assert fixes and fixes[0].kind == t.CodeActionKind.QuickFix
    assert shop.apply(fixes[0].edit) == {"cart.journey": 1}
    assert "and item.stock is 0" in shop.texts["cart.journey"]


async def test_completion_knows_the_place(client, shop):
    await shop.diagnostics("cart.journey", lambda found: True)
    shop.replace("cart.journey", "  if item.stock is 0", "  if customer.\n  if item.stock is 0")
    offered = await client.text_document_completion_async(t.CompletionParams(**shop.at("cart.journey", "if customer.\n", len("if customer."))))
    labels = {one.label for one in (offered.items if isinstance(offered, t.CompletionList) else offered)}
    assert {"first_name", "email", "plan"} <= labels, labels
    assert "sku" not in labels, "a property of an event is none of the customer"


async def test_completion_knows_a_template(client, shop):
    await shop.diagnostics("cart.journey", lambda found: True)
    labels = lambda offered: {one.label for one in (offered.items if isinstance(offered, t.CompletionList) else offered)}
    shop.replace("cart.journey", 'ยอดรวม {{ total | money }}"', 'ยอดรวม {{ total | mo }}"')
    filters = await client.text_document_completion_async(t.CompletionParams(**shop.at("cart.journey", "total | mo }}", len("total | mo"))))
    assert "money" in labels(filters)
    shop.replace("cart.journey", "{{ total | mo }}", "{{ customer. }}")
    fields = await client.text_document_completion_async(t.CompletionParams(**shop.at("cart.journey", "{{ customer. }}", len("{{ customer."))))
    assert "first_name" in labels(fields) and "total" not in labels(fields)


async def test_hover_says_what_a_name_is(client, shop):
    await shop.diagnostics("cart.journey", lambda found: True)
    hover = await client.text_document_hover_async(t.HoverParams(**shop.at("cart.journey", "in segment big_spenders", len("in segment b"))))
    said = hover.contents.value if isinstance(hover.contents, t.MarkupContent) else str(hover.contents)
    assert "ลูกค้าคนสำคัญ" in said
    assert await client.text_document_hover_async(t.HoverParams(**shop.at("cart.journey", "# ตะกร้า", 1))) is None


async def test_a_definition_in_another_file(client, shop):
    await shop.diagnostics("cart.journey", lambda found: True)
    found = await client.text_document_definition_async(t.DefinitionParams(**shop.at("cart.journey", "in segment big_spenders", len("in segment b"))))
    places = found if isinstance(found, list) else [found]
    assert [one.uri for one in places] == [shop.uri("shop.journey")]
    shop.open("shop.journey")
    line = shop.texts["shop.journey"].split("\n")[places[0].range.start.line]
    assert line.startswith("segment big_spenders")


async def test_a_rename_reaches_all_files_and_templates(client, shop):
    await shop.diagnostics("cart.journey", lambda found: True)
    ready = await client.text_document_prepare_rename_async(t.PrepareRenameParams(**shop.at("cart.journey", "in segment big_spenders", len("in segment b"))))
    assert ready is not None
    edit = await client.text_document_rename_async(t.RenameParams(new_name="ลูกค้าชั้นดี", **shop.at("cart.journey", "in segment big_spenders", len("in segment b"))))
    changed = shop.apply(edit)
    assert set(changed) == {"cart.journey", "shop.journey", "members.journey"}, changed
    assert not any("big_spenders" in text for text in shop.texts.values())
    # A parameter lives in the templates of its message and in the sends that name it.
    shop.texts["cart.journey"] = (shop.folder / "cart.journey").read_text(encoding="utf-8")
    edit = await client.text_document_rename_async(t.RenameParams(new_name="ลดกี่", **shop.at("cart.journey", "coupon(percent number)", len("coupon(p"))))
    shop.apply(edit)
    text = shop.texts["cart.journey"]
    assert "{{ ลดกี่ }}%" in text and "coupon(ลดกี่: 10)" in text and "{{ percent }}" not in text


async def test_references_symbols_and_folds(client, shop):
    await shop.diagnostics("cart.journey", lambda found: True)
    found = await client.text_document_references_async(
        t.ReferenceParams(context=t.ReferenceContext(include_declaration=True), **shop.at("cart.journey", "message tv_guide", len("message t")))
    )
    assert len(found) == 3 and {one.uri for one in found} == {shop.uri("cart.journey")}
    document = t.TextDocumentIdentifier(uri=shop.uri("cart.journey"))
    symbols = await client.text_document_document_symbol_async(t.DocumentSymbolParams(text_document=document))
    assert any("cart_recovery" in one.name for one in symbols)
    everywhere = await client.workspace_symbol_async(t.WorkspaceSymbolParams(query="ต้อนรับ"))
    assert any("ต้อนรับ" in one.name for one in everywhere)
    folds = await client.text_document_folding_range_async(t.FoldingRangeParams(text_document=document))
    lines = shop.texts["cart.journey"].split("\n")
    assert lines.index('journey cart_recovery "กู้ตะกร้าที่ถูกลืม" {') in {one.start_line for one in folds}


async def test_formatting_lays_out_and_then_rests(client, shop):
    if not shop.server.capabilities.document_formatting_provider:
        pytest.skip("the server of this build does not offer it")
    shop.replace("cart.journey", "  wait 1 hour\n", "        wait   1 hour\n")
    params = t.DocumentFormattingParams(
        text_document=t.TextDocumentIdentifier(uri=shop.uri("cart.journey")), options=t.FormattingOptions(tab_size=2, insert_spaces=True)
    )
    edits = await client.text_document_formatting_async(params)
    assert edits
    shop.apply(t.WorkspaceEdit(changes={shop.uri("cart.journey"): edits}))
    assert shop.texts["cart.journey"] == (shop.folder / "cart.journey").read_text(encoding="utf-8")


async def test_tokens_lie_in_their_lines(client, shop):
    await shop.diagnostics("cart.journey", lambda found: True)
    document = t.TextDocumentIdentifier(uri=shop.uri("cart.journey"))
    tokens = await client.text_document_semantic_tokens_full_async(t.SemanticTokensParams(text_document=document))
    lines = [line.encode("utf-16-le") for line in shop.texts["cart.journey"].split("\n")]
    line = column = 0
    words = []
    for down, right, length, _, _ in zip(*[iter(tokens.data)] * 5):
        line, column = line + down, right if down else column + right
        assert 2 * (column + length) <= len(lines[line]), "a token ends behind its line"
        words.append(lines[line][2 * column : 2 * (column + length)].decode("utf-16-le"))
    assert "cart_recovery" in words and "big_spenders" in words


async def test_the_picture_and_the_message_at_the_cursor(client, shop):
    await shop.diagnostics("cart.journey", lambda found: True)

    async def ask(method, part):
        place = shop.at("cart.journey", part, 3)
        plain = {
            "textDocument": {"uri": place["text_document"].uri},
            "position": {"line": place["position"].line, "character": place["position"].character},
        }
        answer = await client.protocol.send_request_async(method, plain)
        return answer if isinstance(answer, dict) or answer is None else answer._asdict()

    picture = await ask("onward/picture", "  wait 1 hour")
    assert picture["svg"].lstrip().startswith("<svg") and "</svg>" in picture["svg"]
    preview = await ask("onward/preview", "{{ item.name }} is still")
    said = json.dumps(preview, ensure_ascii=False, default=lambda one: one._asdict())
    assert "is still in your cart" in said and "ยังอยู่ในตะกร้าของคุณ" in said
    assert await ask("onward/picture", "# ตะกร้า") is None


async def test_what_makes_no_sense_is_refused_and_the_server_lives_on(client, shop):
    with pytest.raises(JsonRpcException):
        await client.protocol.send_request_async("onward/nothing", {})
    far = t.HoverParams(text_document=t.TextDocumentIdentifier(uri=shop.uri("cart.journey")), position=t.Position(4_000_000, 4_000_000))
    assert await client.text_document_hover_async(far) is None
    nowhere = t.HoverParams(text_document=t.TextDocumentIdentifier(uri="file:///nowhere/at/all.journey"), position=t.Position(0, 0))
    assert await client.text_document_hover_async(nowhere) is None
    shop.replace("cart.journey", "if item.stock is 0", "if item.stok is 0")
    assert errors(await shop.diagnostics("cart.journey", errors))
