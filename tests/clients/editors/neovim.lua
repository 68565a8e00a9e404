-- Opens the shop in Neovim, makes a mistake, and asks for all that a person would ask for. The first thing that is not as it must be ends
-- this with a failure.
local shop = vim.env.ONWARD_SHOP
vim.opt.runtimepath:prepend(vim.env.ONWARD_EDITOR)
vim.opt.hidden = true

local function work()
  require("onward").setup({ cmd = { vim.env.ONWARD, "lsp" } })
  vim.cmd("filetype plugin on")
  vim.cmd("syntax on")
  vim.cmd("edit " .. shop .. "/cart.journey")
  assert(vim.bo.filetype == "journey", "the file's kind is " .. vim.bo.filetype)
  local buffer = vim.api.nvim_get_current_buf()

  local function wait(what, holds)
    assert(vim.wait(30000, holds, 20), "not seen: " .. what)
  end

  -- Line and byte column, from one and from zero, as nvim_win_set_cursor wants them.
  local function find(part)
    for number, line in ipairs(vim.api.nvim_buf_get_lines(buffer, 0, -1, false)) do
      local at = line:find(part, 1, true)
      if at then
        return number, at - 1
      end
    end
    error("the shop has no " .. part)
  end

  local function ask(method, more)
    local params = vim.lsp.util.make_position_params(0, "utf-16")
    for name, value in pairs(more or {}) do
      params[name] = value
    end
    local answers, failure = vim.lsp.buf_request_sync(buffer, method, params, 30000)
    assert(answers, method .. ": " .. tostring(failure))
    local _, answer = next(answers)
    assert(answer and not answer.error, method .. ": " .. vim.inspect(answer))
    return answer.result
  end

  -- Highlighting without the server.
  local line, column = find("journey cart_recovery")
  assert(vim.fn.synIDattr(vim.fn.synID(line, column + 1, 1), "name") == "journeyDeclaration", "no highlighting")

  local attached = function()
    local clients = vim.lsp.get_clients and vim.lsp.get_clients({ bufnr = buffer }) or vim.tbl_values(vim.lsp.buf_get_clients(buffer))
    return clients[1] and clients[1].server_capabilities and next(clients[1].server_capabilities) ~= nil
  end
  wait("the server", attached)

  -- A finding, at its very columns, behind a Thai comment.
  line, column = find("  if item.stock is 0")
  vim.api.nvim_buf_set_lines(buffer, line - 1, line, false, { "  if customer.first_name is \"ก้ำ\" and item.stok is 0 {" })
  wait("the finding", function()
    return #vim.diagnostic.get(buffer, { severity = vim.diagnostic.severity.ERROR }) > 0
  end)
  local finding = vim.diagnostic.get(buffer, { severity = vim.diagnostic.severity.ERROR })[1]
  local text = vim.api.nvim_buf_get_lines(buffer, finding.lnum, finding.lnum + 1, false)[1]
  assert(finding.lnum == line - 1, vim.inspect(finding))
  assert(text:sub(finding.col + 1, finding.end_col) == "stok", "the mark is under `" .. text:sub(finding.col + 1, finding.end_col) .. "`")
  assert(finding.message:find("has no `stok`", 1, true), finding.message)
  print("diagnostic: " .. finding.message:gsub("\n", " / "))

  -- Its quick fix, applied.
  local _, at = find("item.stok")
  vim.api.nvim_win_set_cursor(0, { line, at + 5 })
  local lsp_finding = finding.user_data and finding.user_data.lsp or {}
  local range = lsp_finding.range
    or { start = { line = finding.lnum, character = vim.str_utfindex(text, finding.col) }, ["end"] = { line = finding.lnum, character = vim.str_utfindex(text, finding.end_col) } }
  local code = finding.code or lsp_finding.code
  assert(code == "E0104", "the code is " .. vim.inspect(code))
  local actions = ask("textDocument/codeAction", { range = range, context = { diagnostics = { { range = range, message = finding.message, code = code, severity = 1 } } } })
  local fix
  for _, action in ipairs(actions or {}) do
    if action.edit and action.title:find("stock", 1, true) then
      fix = action
    end
  end
  assert(fix, "no quick fix: " .. vim.inspect(actions))
  vim.lsp.util.apply_workspace_edit(fix.edit, "utf-16")
  wait("no finding", function()
    return #vim.diagnostic.get(buffer, { severity = vim.diagnostic.severity.ERROR }) == 0
  end)
  print("quick fix: " .. fix.title)

  -- Completion behind `customer.`
  vim.api.nvim_buf_set_lines(buffer, line - 1, line - 1, false, { "  if customer." })
  vim.api.nvim_win_set_cursor(0, { line, #"  if customer." })
  -- In normal mode the cursor stands on the last letter: the place behind it is meant.
  local place = { position = { line = line - 1, character = #"  if customer." } }
  local offered = ask("textDocument/completion", place)
  local labels = {}
  for _, item in ipairs(offered.items or offered) do
    labels[item.label] = true
  end
  assert(labels.first_name and labels.email, "completion offers " .. vim.inspect(vim.tbl_keys(labels)))
  vim.api.nvim_buf_set_lines(buffer, line - 1, line, false, {})

  -- Hover over a segment.
  line, column = find("in segment big_spenders")
  vim.api.nvim_win_set_cursor(0, { line, column + #"in segment " })
  local hover = ask("textDocument/hover")
  local shown = type(hover.contents) == "string" and hover.contents or hover.contents.value or vim.inspect(hover.contents)
  assert(shown:find("ลูกค้าคนสำคัญ", 1, true), "hover says " .. shown)
  print("hover: " .. shown:gsub("\n", " / "):sub(1, 120))

  -- Rename of a message: its declaration, the send, the scenarios.
  line, column = find("message tv_guide")
  vim.api.nvim_win_set_cursor(0, { line, column + #"message " })
  local edit = ask("textDocument/rename", { newName = "คู่มือทีวี" })
  vim.lsp.util.apply_workspace_edit(edit, "utf-16")
  local whole = table.concat(vim.api.nvim_buf_get_lines(buffer, 0, -1, false), "\n")
  assert(not whole:find("tv_guide", 1, true), "a tv_guide is left")
  local _, count = whole:gsub("คู่มือทีวี", "")
  assert(count == 3, "renamed in " .. count .. " places")
  wait("no finding after the renaming", function()
    return #vim.diagnostic.get(buffer, { severity = vim.diagnostic.severity.ERROR }) == 0
  end)
  print("rename: " .. count .. " places")

  -- Formatting, where the server of this build says that it can.
  local clients = vim.lsp.get_clients and vim.lsp.get_clients({ bufnr = buffer }) or vim.tbl_values(vim.lsp.buf_get_clients(buffer))
  if clients[1].server_capabilities.documentFormattingProvider then
    line = find("  wait 1 hour")
    vim.api.nvim_buf_set_lines(buffer, line - 1, line, false, { "       wait 1 hour" })
    local edits = ask("textDocument/formatting", { options = { tabSize = 2, insertSpaces = true } })
    assert(edits and #edits > 0, "nothing to lay out")
    vim.lsp.util.apply_text_edits(edits, buffer, "utf-16")
    assert(vim.api.nvim_buf_get_lines(buffer, line - 1, line, false)[1] == "  wait 1 hour", vim.api.nvim_buf_get_lines(buffer, line - 1, line, false)[1])
    print("format: the line is where it belongs")
  else
    print("format: SKIPPED, the server does not offer it")
  end

  -- The message as its receiver sees it, in a window.
  line, column = find("{{ item.name }} is still")
  vim.api.nvim_win_set_cursor(0, { line, column })
  local windows = #vim.api.nvim_list_wins()
  require("onward").preview()
  wait("the window with the message", function()
    return #vim.api.nvim_list_wins() > windows
  end)
  print("preview: " .. table.concat(vim.api.nvim_buf_get_lines(0, 0, -1, false), " / "):sub(1, 100))
end

local fine, failure = xpcall(work, debug.traceback)
if not fine then
  io.stderr:write(failure .. "\n")
  vim.cmd("cquit")
end
io.stderr:write("\neverything was seen\n")
vim.cmd("qall!")
