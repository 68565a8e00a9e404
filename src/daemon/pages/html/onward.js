// Shows the banner or pop-up of now: docs/pages.md says how to embed it.
(() => {
  const me = document.currentScript, set = me.dataset, base = new URL(me.src).origin + '/web/v1/';
  const post = (path, body) => fetch(base + path, {
    method: 'POST', keepalive: true, credentials: 'omit', body: JSON.stringify({ key: set.key, ...body })
  });
  const anonymous = () => {
    if (set.anonymous) return set.anonymous;
    try {
      for (const name of ['ajs_anonymous_id', 'onward_id']) {
        const id = (localStorage.getItem(name) || '').replace(/"/g, '');
        if (id.length > 15) return id;
      }
      const id = crypto.randomUUID();
      localStorage.setItem('onward_id', id);
      return id;
    } catch { return undefined; }
  };
  const make = (tag, text, parent) => {
    const made = document.createElement(tag);
    if (text) made.textContent = text;
    parent.append(made);
    return made;
  };
  const css = `:host{all:initial}dialog,section{font:16px/1.5 system-ui,sans-serif;box-sizing:border-box;color:#1d2327;background:#fff;border:1px solid #d9dcd8;
border-radius:14px;padding:20px 56px 20px 20px;box-shadow:0 8px 32px #0003}section{position:fixed;z-index:2147483647;left:16px;right:16px;bottom:16px;max-width:560px;margin:auto}
dialog{max-width:min(420px,calc(100vw - 32px))}dialog::backdrop{background:#0007}h2{font-size:1.125em;margin:0 0 4px}p{margin:0;overflow-wrap:anywhere}
a{display:inline-block;margin-top:12px;padding:8px 16px;border-radius:10px;background:#17594a;color:#fff}button{position:absolute;top:8px;right:8px;width:44px;height:44px;
border:0;background:none;color:inherit;font:24px/1 sans-serif;cursor:pointer}`;
  const show = (one) => {
    const host = document.createElement('onward-message'), root = host.attachShadow({ mode: 'open' }), popup = one.form === 'pop-up';
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(css);
    root.adoptedStyleSheets = [sheet];
    const tell = (what, url) => post('report', { token: one.token, what, url }).catch(() => {});
    const box = make(popup ? 'dialog' : 'section', '', root);
    if (one.language) box.lang = one.language;
    box.setAttribute('aria-label', one.headline);
    make('h2', one.headline, box);
    make('p', one.body, box);
    if (/^https?:/i.test(one.link || '')) {
      const link = make('a', set.more || one.headline, box);
      link.href = one.link;
      link.onclick = () => tell('clicked', one.link);
    }
    const close = make('button', '×', box);
    close.setAttribute('aria-label', set.close || 'Close');
    const done = () => { host.remove(); tell('dismissed'); };
    close.onclick = done;
    box.addEventListener('cancel', done);
    document.body.append(host);
    if (popup) box.showModal();
    tell('seen');
  };
  post('show', { anonymousId: anonymous(), userId: set.user, signature: set.signature })
    .then((answer) => answer.ok && answer.json())
    .then((found) => found && found.show[0] && show(found.show[0]))
    .catch(() => {});
})();
