-- What every .journey buffer gets: the layout that `onward fmt` writes, and the language server.
vim.bo.commentstring = "# %s"
vim.bo.expandtab = true
vim.bo.shiftwidth = 2
vim.bo.softtabstop = 2
vim.bo.tabstop = 2
vim.bo.omnifunc = "v:lua.vim.lsp.omnifunc"
require("onward").attach(vim.api.nvim_get_current_buf())
