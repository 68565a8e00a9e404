;;; onward-mode.el --- Journeys of Onward: highlighting, indentation, language server -*- lexical-binding: t; -*-

;; Version: 0.1.0
;; Package-Requires: ((emacs "28.1"))
;; Keywords: languages
;; SPDX-License-Identifier: MIT OR Apache-2.0

;;; Commentary:

;; A major mode for the .journey files of Onward.  With eglot (part of Emacs from 29 on; a package before), `M-x eglot'
;; starts `onward lsp': findings while you type, completion, hover, rename, formatting.
;;
;;   (add-to-list 'load-path "/path/to/onward/editors/emacs")
;;   (require 'onward-mode)
;;   (add-hook 'onward-mode-hook #'eglot-ensure)

;;; Code:

(defgroup onward nil
  "Journeys of Onward."
  :group 'languages)

(defcustom onward-program "onward"
  "The program whose `lsp' is the language server: a name on the path, or a file."
  :type 'string)

(defcustom onward-locale nil
  "Language of the findings: nil for that of the environment, else \"en\" or \"th\"."
  :type '(choice (const :tag "As the environment says" nil) (const "en") (const "th")))

(defconst onward-indent-offset 2
  "Columns a block is indented by; `onward fmt' knows no other.")

(defconst onward--declaration
  '(
    "custom channel" "audience" "block" "brand" "catalog" "channel" "codes" "customer" "event" "hook"
    "journey" "let" "list" "message" "policy" "route" "scenario" "score" "segment" "stages" "survey" "team"
    "topic")
  "Words that open a declaration.")

(defconst onward--clause
  '(
    "address people as" "one run per" "when in doubt" "accept late" "always write" "at most" "enter again"
    "exit on" "exit when" "halve every" "hold out" "link domains" "never say" "only while" "postal address"
    "quiet hours" "reply to" "runs from" "skip when" "when edited" "while running" "answers" "colours"
    "enter" "footer" "goal" "priority" "start" "timeout" "timezone" "url")
  "Words that lead a line of a header, a policy, a brand or a hook.")

(defconst onward--scene
  '(
    "in the run of" "given subscribed to" "given has" "after" "at" "choosing" "expect" "given" "starting")
  "Words that lead a line of a scenario.")

(defconst onward--flow
  '(
    "wait the full" "wait up to" "else if" "for each" "wait until" "winner when" "adaptive" "break" "collect"
    "control" "else" "exit" "experiment" "if" "on" "otherwise" "path" "repeat" "split" "variant" "wait"
    "when")
  "Steps that decide where a run goes.")

(defconst onward--action
  '(
    "add to audience" "add to list" "move to stage" "remove from audience" "remove from list" "draw code"
    "start journey" "add" "call" "clear" "confirm" "decrease" "emit" "increase" "remove" "send" "set"
    "subscribe" "suppress" "unsubscribe")
  "Steps that do something.")

(defconst onward--function
  '(
    "most frequent of" "time since latest" "any of" "average of" "count of" "earliest of" "first of"
    "largest of" "last of" "latest of" "none of" "smallest of" "sum of" "top")
  "Aggregates.")

(defconst onward--moment
  '(
    "after the end" "best time within" "in the last" "one calendar day" "after entry" "in the" "it is"
    "of entry" "up to" "yearly on" "after" "ago" "at" "before" "day" "every" "first" "from" "last" "since"
    "times" "until" "within" "yearly")
  "Words about time.")

(defconst onward--report
  '(
    "by a machine" "hard bounce of" "any message" "joins list" "leaves list" "replied to" "answered"
    "bounced" "clicked" "complained" "delivered" "opened" "received" "refuse" "replied" "requested" "seen"
    "sent")
  "What became of a message.")

(defconst onward--operator
  '(
    "at least" "at most" "ends with" "ignoring case" "in journey" "in list" "in segment" "in stage" "is gone"
    "is missing" "is not" "is set" "not in" "reachable by" "starts with" "subscribed to" "unsubscribed from"
    "and" "contains" "exactly" "has" "in" "is" "matches" "no" "not" "or")
  "Operators of conditions.")

(defconst onward--modifier
  '(
    "continue in the new version" "or exit if not sent" "including those already in" "or exit if missing"
    "then first listed of" "customers in each" "double opt in" "finish as started" "first reachable of"
    "for the same" "from this journey" "ignoring quiet hours" "or continue if" "or exit if" "or skip if"
    "when reaches stage" "with the first" "without the first" "continue if" "drops below" "drops by"
    "enter now" "exit if" "for any" "if past" "list of" "measured by" "no message" "no messages"
    "not entered" "on request" "one of" "opt in" "opt out" "preferred channel" "rises above" "rises by"
    "skip if" "sure after" "then exit" "those of" "to team" "update entry" "waiting at" "when joins"
    "when leaves" "when requested" "without waiting" "about" "add" "always" "and" "answers" "as" "be"
    "because" "by" "changes" "containing" "drops" "entries" "event" "everything" "exit" "file" "for" "high"
    "if" "ignore" "it" "keep" "list" "low" "message" "messages" "missing" "never" "normal" "of" "on"
    "otherwise" "past" "priority" "reaches" "repeat" "restart" "rises" "segment" "skip" "subtract" "then"
    "to" "transactional" "wait" "when" "where")
  "Words that join the parts of a line.")

(defconst onward--types
  '("text" "number" "boolean" "date" "time" "datetime" "duration" "email" "phone" "url" "country" "language"
    "timezone" "customer")
  "Types; money has its currency behind it.")

(defun onward--phrases (words)
  "A pattern for WORDS, the longest first.
Blanks between the words of a phrase are free."
  (let ((sorted (sort (copy-sequence words) (lambda (a b) (> (length a) (length b))))))
    (concat "\\(" (mapconcat (lambda (phrase) (replace-regexp-in-string " " "[ \t]+" (regexp-quote phrase) t t)) sorted "\\|")
            "\\)\\_>")))

(defun onward--leading (words)
  "A pattern for WORDS at the beginning of a statement."
  (concat "\\(?:^\\|[{}]\\|otherwise\\|, \\)[ \t]*" (onward--phrases words)))

(defun onward--inside (words)
  "A pattern for WORDS anywhere but behind a dot or a backtick."
  (concat "\\(?:^\\|[^.`[:word:]_]\\)" (onward--phrases words)))

(defconst onward-font-lock-keywords
  (let ((name "\\(`[^`\n]+`\\|[[:alpha:]_][[:word:]_]*\\)"))
    `(("{[{%][^\n]*?[%}]}" 0 font-lock-preprocessor-face t)
      (,(concat "^[ \t]*" (onward--phrases onward--declaration) "[ \t]+" name) (1 font-lock-keyword-face) (2 font-lock-function-name-face))
      (,(concat "^[ \t]*" (onward--phrases onward--declaration) "[ \t]*{") 1 font-lock-keyword-face)
      ("\\([[:alpha:]_][[:word:]_]*\\|`[^`\n]+`\\)[ \t]*:" 1 font-lock-variable-name-face)
      ("\\_<[0-9]\\{4\\}-[0-9]\\{2\\}-[0-9]\\{2\\}\\(?:[ \t]+[0-9]\\{2\\}:[0-9]\\{2\\}\\)?\\_>" 0 font-lock-constant-face)
      ("\\_<[0-9]\\{2\\}:[0-9]\\{2\\}\\_>" 0 font-lock-constant-face)
      ("\\_<[0-9][0-9_]*\\(?:\\.[0-9]+\\)?\\(?:[ \t]+\\(?:[A-Z]\\{3\\}\\|\\(?:second\\|minute\\|hour\\|day\\|week\\|month\\|year\\)s?\\)\\_>\\|[ \t]*%\\)?" 0 font-lock-constant-face)
      ("\\_<\\(?:true\\|false\\|monday\\|tuesday\\|wednesday\\|thursday\\|friday\\|saturday\\|sunday\\|weekdays?\\|weekends?\\|week\\|month\\|year\\)\\_>" 0 font-lock-constant-face)
      (,(onward--leading onward--clause) 1 font-lock-keyword-face)
      (,(onward--leading onward--scene) 1 font-lock-keyword-face)
      (,(onward--leading onward--flow) 1 font-lock-keyword-face)
      (,(onward--leading onward--action) 1 font-lock-keyword-face)
      ("\\_<\\(money\\)[ \t]+[A-Z]\\{3\\}\\_>" 1 font-lock-type-face)
      (,(concat "[[:word:]_`\"][ \t]+" (onward--phrases onward--types) "\\??[ \t]*\\(?:[,)}=]\\|$\\)") 1 font-lock-type-face)
      ;; Phrases of any role before single words: `at least' is no `at'.
      ,@(mapcan (lambda (several)
                  (mapcar (lambda (role)
                            (list (onward--inside (seq-filter (lambda (words) (eq several (and (string-search " " words) t))) (car role)))
                                  1 (cdr role)))
                          (list (cons onward--function 'font-lock-builtin-face) (cons onward--report 'font-lock-builtin-face)
                                (cons onward--moment 'font-lock-keyword-face) (cons onward--operator 'font-lock-keyword-face)
                                (cons onward--modifier 'font-lock-keyword-face))))
                '(t nil))))
  "What `onward-mode' paints: a word by its role, a phrase before its parts.")

(defvar onward-mode-syntax-table
  (let ((table (make-syntax-table)))
    (modify-syntax-entry ?# "<" table)
    (modify-syntax-entry ?\n ">" table)
    (modify-syntax-entry ?\" "\"" table)
    (modify-syntax-entry ?\\ "\\" table)
    (modify-syntax-entry ?_ "_" table)
    (modify-syntax-entry ?` "." table)
    (modify-syntax-entry ?' "." table)
    (modify-syntax-entry ?% "." table)
    table)
  "Comments from a number sign on, texts in double quotes.")

(defun onward-indent-line ()
  "Indent the line by the braces, brackets and parentheses around it.
The inside of a text stays as it is."
  (interactive)
  (let ((state (save-excursion (syntax-ppss (line-beginning-position)))))
    (unless (nth 3 state)
      (let* ((closes (save-excursion (back-to-indentation) (looking-at "[])}]")))
             (depth (max 0 (- (car state) (if closes 1 0))))
             (from-end (- (point-max) (point))))
        (indent-line-to (* onward-indent-offset depth))
        (when (> (- (point-max) from-end) (point))
          (goto-char (- (point-max) from-end)))))))

;;;###autoload
(define-derived-mode onward-mode prog-mode "Journey"
  "Major mode for the .journey files of Onward."
  (setq-local comment-start "# ")
  (setq-local comment-start-skip "#+[ \t]*")
  (setq-local indent-tabs-mode nil)
  (setq-local tab-width onward-indent-offset)
  (setq-local indent-line-function #'onward-indent-line)
  (setq-local electric-indent-chars (append "}])" electric-indent-chars))
  (setq-local font-lock-defaults '(onward-font-lock-keywords))
  (setq-local imenu-generic-expression
              '((nil "^[ \t]*\\(?:journey\\|message\\|event\\|segment\\|catalog\\|topic\\|survey\\|score\\|hook\\|block\\)[ \t]+\\([^ \t({\"]+\\)" 1))))

;;;###autoload
(add-to-list 'auto-mode-alist '("\\.journey\\'" . onward-mode))

(defun onward--server (&rest _)
  "The command of the language server, for eglot."
  (append (when onward-locale (list "env" (concat "ONWARD_LOCALE=" onward-locale))) (list onward-program "lsp")))

(defvar eglot-server-programs)
(with-eval-after-load 'eglot
  (add-to-list 'eglot-server-programs '(onward-mode . onward--server)))

(defun onward--project (folder)
  "The project around FOLDER: where onward.toml is."
  (let ((root (locate-dominating-file folder "onward.toml")))
    (when root (cons 'transient root))))

(add-hook 'project-find-functions #'onward--project)

(provide 'onward-mode)
;;; onward-mode.el ends here
