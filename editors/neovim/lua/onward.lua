-- Onward in Neovim: starts `onward lsp` for each project, one server for all of a project's files.
--
--   require("onward").setup({ cmd = { "/opt/onward/bin/onward", "lsp" }, locale = "th" })
--
-- Nothing has to be called: without `setup`, `onward` is looked for on the PATH. Works from Neovim 0.7 on.
local M = {}

local options = { cmd = { "onward", "lsp" }, cmd_env = nil, locale = nil, on_attach = nil, capabilities = nil }

-- For Neovim before 0.8: the id of the server of each project.
local servers = {}

function M.setup(given)
  for name, value in pairs(given or {}) do
    options[name] = value
  end
end

-- The folder with onward.toml above a file; without one, the file's own folder.
local function root_of(file)
  local folder = vim.fn.fnamemodify(file, ":p:h")
  local found = vim.fn.findfile("onward.toml", folder .. ";")
  if found ~= "" then
    return vim.fn.fnamemodify(found, ":p:h")
  end
  return folder
end

local function config_for(root)
  local env = options.cmd_env
  if options.locale then
    env = vim.tbl_extend("force", { ONWARD_LOCALE = options.locale }, env or {})
  end
  return {
    name = "onward",
    cmd = options.cmd,
    cmd_env = env,
    root_dir = root,
    workspace_folders = { { uri = vim.uri_from_fname(root), name = vim.fn.fnamemodify(root, ":t") } },
    init_options = options.locale and { locale = options.locale } or nil,
    capabilities = options.capabilities,
    on_attach = options.on_attach,
  }
end

function M.attach(buffer)
  local file = vim.api.nvim_buf_get_name(buffer)
  if file == "" or vim.fn.executable(options.cmd[1]) == 0 then
    return
  end
  local config = config_for(root_of(file))
  if vim.lsp.start then
    vim.lsp.start(config, { bufnr = buffer })
    return
  end
  local id = servers[config.root_dir]
  if not id or not vim.lsp.get_client_by_id(id) then
    id = vim.lsp.start_client(config)
    servers[config.root_dir] = id
  end
  if id then
    vim.lsp.buf_attach_client(buffer, id)
  end
end

-- The message at the cursor as its receiver gets it, one content after the other, in a window of its own.
function M.preview()
  local params = vim.lsp.util.make_position_params(0, "utf-16")
  vim.lsp.buf_request(0, "onward/preview", params, function(failure, answer)
    if failure or not answer or not answer.contents then
      vim.notify(failure and failure.message or "onward: the cursor is in no message", vim.log.levels.WARN)
      return
    end
    local lines = { answer.name }
    for _, content in ipairs(answer.contents) do
      table.insert(lines, "")
      table.insert(lines, content.error or (content.channel .. (type(content.language) == "string" and " " .. content.language or "") .. ":"))
      vim.list_extend(lines, vim.split(content.text or "", "\n", { plain = true }))
    end
    vim.cmd("botright new")
    vim.bo.buftype = "nofile"
    vim.bo.bufhidden = "wipe"
    vim.api.nvim_buf_set_lines(0, 0, -1, false, lines)
  end)
end

-- The findings of the whole project, in the quickfix list.
function M.findings()
  vim.diagnostic.setqflist({ title = "onward" })
end

return M
