-- For Neovim 0.11 and newer, without the rest of this folder: `vim.lsp.enable("onward")`.
return {
  cmd = { "onward", "lsp" },
  filetypes = { "journey" },
  root_markers = { "onward.toml", ".git" },
}
