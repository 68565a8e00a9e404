;;; emacs.el --- Works with onward-mode and eglot as a person would -*- lexical-binding: t; -*-

;; The first thing that is not as it must be ends this with a failure.

(require 'onward-mode)
(require 'eglot)
(require 'flymake)
(require 'jsonrpc)

(defconst shop (getenv "ONWARD_SHOP"))

(defun must (holds what &rest values)
  "Fail with WHAT and VALUES unless HOLDS."
  (unless holds (error "%s" (apply #'format what values))))

(defun wait-for (what holds)
  "Wait until HOLDS gives something; fail with WHAT after half a minute."
  (let ((end (+ (float-time) 30)) found)
    (while (and (not (setq found (funcall holds))) (< (float-time) end))
      (accept-process-output nil 0.05))
    (must found "not seen: %s" what)
    found))

(defun find (part)
  "Go to the beginning of PART."
  (goto-char (point-min))
  (search-forward part)
  (goto-char (match-beginning 0)))

(defun ask (method &rest more)
  "What the server answers to METHOD at the cursor, with MORE parameters."
  (jsonrpc-request (eglot-current-server) method (append (eglot--TextDocumentPositionParams) more) :timeout 30))

(defun errors ()
  "The errors in this buffer."
  (seq-filter (lambda (one) (memq (flymake-diagnostic-type one) '(eglot-error :error))) (flymake-diagnostics)))

(defun work ()
  "All of it."
  (setq onward-program (getenv "ONWARD")
        eglot-autoshutdown nil eglot-sync-connect 30 eglot-send-changes-idle-time 0.05 eglot-confirm-server-initiated-edits nil
        make-backup-files nil create-lockfiles nil)
  (find-file (expand-file-name "cart.journey" shop))
  (must (eq major-mode 'onward-mode) "the mode is %s" major-mode)

  ;; Highlighting and indentation without the server.
  (font-lock-ensure)
  (find "journey cart_recovery")
  (must (eq (get-text-property (point) 'face) 'font-lock-keyword-face) "no highlighting")
  (find "wait 3 hours")
  (delete-horizontal-space)
  (indent-for-tab-command)
  (must (= (current-indentation) 6) "indented by %s" (current-indentation))
  (set-buffer-modified-p nil)

  (apply #'eglot--connect (eglot--guess-contact))
  (wait-for "the server" (lambda () (and (eglot-current-server) (eglot-managed-p))))

  ;; A finding, at its very columns, behind Thai letters.
  (find "  if item.stock is 0")
  (delete-region (point) (line-end-position))
  (insert "  if customer.first_name is \"ก้ำ\" and item.stok is 0 {")
  (let ((first (car (wait-for "the finding" (lambda () (eglot--signal-textDocument/didChange) (flymake-start) (errors))))))
    (must (string= (buffer-substring-no-properties (flymake-diagnostic-beg first) (flymake-diagnostic-end first)) "stok")
          "the mark is under %s" (buffer-substring-no-properties (flymake-diagnostic-beg first) (flymake-diagnostic-end first)))
    (must (string-search "has no `stok`" (flymake-diagnostic-text first)) "%s" (flymake-diagnostic-text first))
    (message "diagnostic: %s" (replace-regexp-in-string "\n" " / " (flymake-diagnostic-text first)))

    ;; Its quick fix, applied as eglot applies it.
    (goto-char (flymake-diagnostic-beg first))
    (let* ((actions (eglot-code-actions (flymake-diagnostic-beg first) (flymake-diagnostic-end first)))
           (fix (seq-find (lambda (one) (and (plist-get one :edit) (string-search "stock" (plist-get one :title)))) actions)))
      (must fix "no quick fix among %s" actions)
      (eglot--apply-workspace-edit (plist-get fix :edit))
      (message "quick fix: %s" (plist-get fix :title))))
  (must (save-excursion (goto-char (point-min)) (search-forward "item.stock is 0 {" nil t)) "the line is not mended")
  (wait-for "no finding" (lambda () (eglot--signal-textDocument/didChange) (flymake-start) (null (errors))))

  ;; Completion behind `customer.', by eglot's own function.
  (find "  if customer.first_name")
  (insert "  if customer.\n")
  (forward-char -1)
  (eglot--signal-textDocument/didChange)
  (let* ((capf (eglot-completion-at-point))
         (offered (mapcar #'substring-no-properties (all-completions "" (nth 2 capf)))))
    (must (and (seq-some (lambda (one) (string-search "first_name" one)) offered) (seq-some (lambda (one) (string-search "email" one)) offered))
          "completion offers %s" offered))
  (delete-region (line-beginning-position) (1+ (line-end-position)))
  (eglot--signal-textDocument/didChange)

  ;; Hover over a segment.
  (find "in segment big_spenders")
  (forward-char (length "in segment "))
  (let ((hover (format "%s" (ask :textDocument/hover))))
    (must (string-search "ลูกค้าคนสำคัญ" hover) "hover says %s" hover)
    (message "hover: %s" (truncate-string-to-width (replace-regexp-in-string "\n" " / " hover) 120)))

  ;; Rename of a message.
  (find "message tv_guide")
  (forward-char (length "message "))
  (eglot-rename "คู่มือทีวี")
  (goto-char (point-min))
  (must (not (search-forward "tv_guide" nil t)) "a tv_guide is left")
  (must (= (how-many "คู่มือทีวี" (point-min)) 3) "renamed in %s places" (how-many "คู่มือทีวี" (point-min)))
  (message "rename: 3 places")

  ;; Formatting, where the server of this build says that it can.
  (if (not (eglot--server-capable :documentFormattingProvider))
      (message "format: SKIPPED, the server does not offer it")
    (progn
      (find "  wait 1 hour")
      (insert "     ")
      (eglot--signal-textDocument/didChange)
      (eglot-format-buffer)
      (goto-char (point-min))
      (must (re-search-forward "^  wait 1 hour$" nil t) "the line is not where it belongs")
      (message "format: the line is where it belongs")))
  (set-buffer-modified-p nil))

(condition-case failure
    (progn (work) (message "everything was seen"))
  (error (message "%s" (error-message-string failure)) (kill-emacs 1)))
;;; emacs.el ends here
