// Keeps the page of `onward dev` up to date. Everything that comes from the project is put in as text, never as HTML.
"use strict";
(() => {
  const texts = {
    en: {
      good: "good", broken: n => `${n} ${n === 1 ? "error" : "errors"}`, unreadable: "cannot be read", warnings: n => `${n} ${n === 1 ? "warning" : "warnings"}`,
      stale: "The project has errors. Pictures, scenarios, simulation and messages below are of its last good state.",
      stale_none: "There is nothing to show yet: the project has not been without errors since onward dev began.",
      lost: "onward dev does not answer; this page waits for it", took: ms => `looked at in ${ms} ms`, changed: files => `after a save of ${files}`,
      findings: "Findings", none: "Nothing to complain about.", where: "where", more: "Only the first are shown here; `onward check` shows all.",
      scenarios: "Scenarios", passed: n => `${n} as expected`, failed: n => `${n} not as expected`, no_scenarios: "No scenario to play yet.",
      played: "played", begun: "as onward dev began", because: why => `because of ${why}`, expected: "expected", happened: "happened", hint: "hint", story: "the story", quiet: n => `${n} more that went as expected`,
      nothing: "nothing happened", when: (split, path) => `when ${split} takes “${path}”`,
      simulation: "Simulation", running: "running…", over: (events, customers) => `${events} events, ${customers} customers`, no_simulation: "Nothing was simulated yet.",
      before: "before", now: "now", difference: "difference", all_numbers: "all numbers", same: "No number differs from before.", only_one: "only one",
      journeys: "Journeys", no_journeys: "No journey yet.", too_large: "This picture is too large to show.", whole: "full size", fit: "fit",
      messages: "Messages", no_messages: "No message yet.", known: "somebody of whom everything is known", sparse: "somebody of whom little is known", everybody: "every other language",
      kept: why => `would not be sent: ${why}`, mail_of: c => `Mail by ${c}`, not_kept: "too large to show",
      journey: "journey", message: "message", segment: "segment", experiment: "experiment",
    },
    th: {
      good: "เรียบร้อย", broken: n => `ข้อผิดพลาด ${n} จุด`, unreadable: "อ่านไม่ได้", warnings: n => `คำเตือน ${n} จุด`,
      stale: "โปรเจกต์มีข้อผิดพลาด ภาพ สถานการณ์ทดสอบ ผลจำลอง และข้อความด้านล่างเป็นของสภาพดีครั้งล่าสุด",
      stale_none: "ยังไม่มีอะไรให้แสดง ตั้งแต่เริ่ม onward dev โปรเจกต์ยังไม่เคยปลอดข้อผิดพลาด",
      lost: "onward dev ไม่ตอบ หน้านี้กำลังรออยู่", took: ms => `ตรวจใน ${ms} มิลลิวินาที`, changed: files => `หลังบันทึก ${files}`,
      findings: "สิ่งที่พบ", none: "ไม่มีอะไรต้องแก้", where: "ตำแหน่ง", more: "แสดงเฉพาะส่วนแรก ดูทั้งหมดด้วย `onward check`",
      scenarios: "สถานการณ์ทดสอบ", passed: n => `ตรงตามคาด ${n}`, failed: n => `ไม่ตรงตามคาด ${n}`, no_scenarios: "ยังไม่มีสถานการณ์ทดสอบ",
      played: "เพิ่งรัน", begun: "ตอนเริ่ม onward dev", because: why => `เพราะ ${why}`, expected: "คาดว่า", happened: "เกิดขึ้นจริง", hint: "คำใบ้", story: "ลำดับเหตุการณ์", quiet: n => `อีก ${n} รายการเป็นไปตามคาด`,
      nothing: "ไม่มีอะไรเกิดขึ้น", when: (split, path) => `เมื่อ ${split} ไปทาง “${path}”`,
      simulation: "ผลจำลอง", running: "กำลังจำลอง…", over: (events, customers) => `${events} เหตุการณ์ ลูกค้า ${customers} คน`, no_simulation: "ยังไม่ได้จำลอง",
      before: "ก่อน", now: "ตอนนี้", difference: "ต่างกัน", all_numbers: "ตัวเลขทั้งหมด", same: "ไม่มีตัวเลขใดต่างจากก่อนหน้า", only_one: "มีฝั่งเดียว",
      journeys: "เส้นทางลูกค้า", no_journeys: "ยังไม่มีเส้นทางลูกค้า", too_large: "ภาพนี้ใหญ่เกินกว่าจะแสดง", whole: "ขนาดเต็ม", fit: "พอดีหน้า",
      messages: "ข้อความ", no_messages: "ยังไม่มีข้อความ", known: "ลูกค้าที่รู้ข้อมูลครบ", sparse: "ลูกค้าที่รู้ข้อมูลน้อย", everybody: "ภาษาอื่นทั้งหมด",
      kept: why => `จะไม่ถูกส่ง: ${why}`, mail_of: c => `อีเมลทาง ${c}`, not_kept: "ใหญ่เกินกว่าจะแสดง",
      journey: "เส้นทาง", message: "ข้อความ", segment: "กลุ่ม", experiment: "การทดลอง",
    },
  };
  const asked = new URLSearchParams(location.search).get("lang") || navigator.language || "en";
  const lang = asked.startsWith("th") ? "th" : "en";
  const t = texts[lang];
  document.documentElement.lang = lang;

  const $ = id => document.getElementById(id);
  const make = (tag, attributes, ...children) => {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes || {})) {
      if (name === "on") made.addEventListener("click", value);
      else if (value !== null && value !== undefined && value !== false) made.setAttribute(name, value === true ? "" : value);
    }
    made.append(...children.filter(child => child !== null && child !== undefined));
    return made;
  };
  const number = value => Number(value).toLocaleString(lang === "th" ? "th-TH" : "en-US");
  // A new state must not close what somebody opened, nor jump.
  const opened = new Set();
  const details = (key, title, ...inside) => {
    const made = make("details", { open: opened.has(key) }, make("summary", null, title), ...inside);
    made.addEventListener("toggle", () => (made.open ? opened.add(key) : opened.delete(key)));
    return made;
  };
  const put = (id, ...children) => $(id).replaceChildren(...children);
  const head = (id, title, ...more) => put(`h-${id}`, title, ...more);
  const small = text => make("small", null, text);
  const empty = text => make("p", { class: "empty" }, text);
  const chosen = { journey: null, message: null, whole: false };
  let state = null;

  const findings = () => {
    head("findings", t.findings, small([state.errors ? t.broken(state.errors) : null, state.warnings ? t.warnings(state.warnings) : null].filter(Boolean).join(" · ")));
    if (state.trouble) return put("findings", make("p", { class: "wrong" }, state.trouble));
    if (!state.findings.length) return put("findings", empty(t.none));
    const all = state.errors + state.warnings;
    put("findings", make("ul", { class: "items" }, ...state.findings.map(one => make("li", null,
      make("p", { class: "line" }, make("span", { class: `badge ${one.severity === "error" ? "bad" : "warn"}` }, one.code), make("b", null, one.message), make("span", { class: "place" }, one.place)),
      one.help ? make("p", { class: "help" }, one.help) : null,
      details(`f ${one.code} ${one.place}`, t.where, make("pre", { lang: "en" }, one.shown))))),
      all > state.findings.length ? make("p", { class: "soft" }, t.more) : "");
  };

  const story = one => {
    const lines = one.failed.timeline;
    let last = "";
    return make("ol", { class: "story" }, ...(lines.length ? lines.map(line => {
      const at = line.at === last ? "" : line.at;
      last = line.at;
      return make("li", { class: line.told ? "told" : "" }, at ? make("time", null, at) : "", (line.journey ? `[${line.journey}] ` : "") + line.text + " ", line.place ? make("span", { class: "place" }, line.place) : "");
    }) : [make("li", null, t.nothing)]));
  };

  const scenario = (one, at) => make("li", null,
    make("p", { class: "line" }, make("span", { class: `badge ${one.passed ? "good" : "bad"}` }, one.passed ? "✓" : "✗"), make("b", null, one.title), make("span", { class: "place" }, one.place)),
    make("p", { class: "soft" }, one.journey + (one.why ? ` · ${t.played}, ${one.why === "the start" ? t.begun : t.because(one.why)}` : "")),
    ...(one.failed ? [
      ...one.failed.choices.map(([split, path]) => make("p", { class: "soft" }, t.when(split, path))),
      ...one.failed.failures.map(failure => make("dl", { class: "fail" },
        make("dt", null, t.expected), make("dd", null, failure.expected.replace(/^expect /, "") + " ", make("span", { class: "place" }, failure.place)),
        make("dt", null, t.happened), make("dd", null, failure.happened),
        failure.hint ? make("dt", null, t.hint) : "", failure.hint ? make("dd", null, failure.hint) : "")),
      ...(at === 0 ? [make("p", { class: "soft" }, t.story), story(one)] : [details(`s ${one.journey} ${one.title}`, t.story, story(one))])] : []));

  const scenarios = () => {
    const failed = state.scenarios.filter(one => !one.passed), passed = state.scenarios.filter(one => one.passed);
    const fresh = passed.filter(one => one.why), rest = passed.filter(one => !one.why);
    head("scenarios", t.scenarios, failed.length ? make("span", { class: "badge bad" }, t.failed(failed.length)) : "", passed.length ? make("span", { class: "badge good" }, t.passed(passed.length)) : "");
    if (!state.scenarios.length) return put("scenarios", empty(t.no_scenarios));
    const few = fresh.slice(0, 6), more = fresh.slice(6).concat(rest);
    put("scenarios", make("ul", { class: "items" }, ...failed.map(scenario), ...few.map(scenario)),
      more.length ? details("passed", t.quiet(more.length), make("ul", { class: "items" }, ...more.map(scenario))) : "");
  };

  const shown = (value, rate) => (value === null ? "–" : rate ? `${(value * 100).toFixed(1)} %` : number(value));
  const table = numbers => {
    let last = "";
    const rows = [];
    for (const one of numbers) {
      const group = `${one.kind} ${one.name}`;
      if (group !== last) rows.push(make("tr", { class: "group" }, make("th", { colspan: 4, scope: "colgroup" }, `${t[one.kind] || one.kind} ${one.name}`)));
      last = group;
      const change = one.this !== null && one.other !== null ? one.this - one.other : null;
      const said = change === null ? t.only_one : change === 0 ? "" : one.is_rate ? `${change > 0 ? "+" : ""}${(change * 100).toFixed(1)}` : `${change > 0 ? "+" : "−"}${number(Math.abs(change))}`;
      rows.push(make("tr", null, make("td", null, one.what), make("td", { class: "n" }, state.simulation.compared ? shown(one.other, one.is_rate) : ""), make("td", { class: "n" }, shown(one.this, one.is_rate)),
        make("td", { class: `n ${change > 0 ? "up" : change < 0 ? "down" : ""}` }, state.simulation.compared ? said : "")));
    }
    const compared = state.simulation.compared;
    return make("div", { class: "scroll" }, make("table", null, make("thead", null, make("tr", null, make("th", null, ""), make("th", { class: "n", scope: "col" }, compared ? t.before : ""), make("th", { class: "n", scope: "col" }, t.now), make("th", { class: "n", scope: "col" }, compared ? t.difference : ""))), make("tbody", null, ...rows)));
  };

  const simulation = () => {
    const of = state.simulation;
    head("simulation", t.simulation, of.status === "running" ? make("span", { class: "badge" }, t.running) : "", of.events !== null ? small(t.over(number(of.events), number(of.customers)) + (of.period ? ` · ${of.period.from.slice(0, 10)} – ${of.period.to.slice(0, 10)}` : "")) : "");
    if (of.status === "failed" && of.why) return put("simulation", make("p", { class: "help" }, of.why));
    if (!of.numbers) return put("simulation", empty(of.status === "running" ? t.running : t.no_simulation));
    const differ = of.numbers.filter(one => one.this !== one.other);
    const main = of.compared ? differ : of.numbers.filter(one => one.what === "entered" || one.what.startsWith("ended") || one.what.startsWith("sent by"));
    put("simulation", of.compared && !differ.length ? empty(t.same) : table(main), details("numbers", t.all_numbers, table(of.numbers)),
      of.notes && of.notes.length ? make("ul", { class: "soft" }, ...of.notes.map(note => make("li", null, note))) : "");
  };

  const tabs = (all, kind) => {
    if (!all.some(one => one.name === chosen[kind])) chosen[kind] = all[0].name;
    return make("div", { class: "tabs", role: "tablist" }, ...all.map(one => make("button", {
      type: "button", role: "tab", "aria-selected": String(one.name === chosen[kind]), on: () => { chosen[kind] = one.name; draw(); },
    }, one.title || one.name)));
  };

  // A picture that is the same stays, where somebody scrolled to.
  let drawn = "";
  const journeys = () => {
    head("journeys", t.journeys, small(String(state.journeys.length)));
    if (!state.journeys.length) { drawn = ""; return put("journeys", empty(t.no_journeys)); }
    const bar = tabs(state.journeys, "journey");
    const one = state.journeys.find(one => one.name === chosen.journey);
    const now = `${one.picture} ${chosen.whole}`;
    const kept = drawn === now ? $("journeys").querySelector(".picture") : null;
    drawn = now;
    const picture = kept || (one.picture
      ? make("div", { class: `picture ${chosen.whole ? "whole" : ""}`, tabindex: "0" }, make("img", { src: `/blob/${one.picture}`, alt: one.title || one.name }))
      : make("p", { class: "empty" }, t.too_large));
    const line = make("p", { class: "line soft" }, make("span", { class: "place" }, one.place), make("span", { class: "tabs" }, make("button", { type: "button", on: () => { chosen.whole = !chosen.whole; draw(); } }, chosen.whole ? t.fit : t.whole)));
    if (kept) {
      const [old_bar, old_line] = $("journeys").children;
      old_bar.replaceWith(bar);
      old_line.replaceWith(line);
    } else put("journeys", bar, line, picture);
  };

  const part = (one, ...names) => { for (const name of names) { const found = one.parts.find(part => part.name === name); if (found) return found; } return null; };
  const content = one => {
    const top = make("p", { class: "line" }, make("span", { class: "badge" }, one.channel), make("span", { class: "soft" }, one.language || t.everybody));
    const below = one.kept_back.map(why => make("p", { class: "kept" }, t.kept(why)));
    if (one.wrong) return make("div", { class: "content" }, top, make("p", { class: "wrong" }, one.wrong));
    const said = one.language || "";
    if (one.look === "mail") {
      const subject = part(one, "subject"), preheader = part(one, "preheader"), html = one.parts.find(part => "html" in part), text = part(one, "text");
      return make("div", { class: "content" }, top, make("div", { class: "mail", lang: said || null },
        make("p", { class: "subject" }, subject ? subject.text : "", preheader ? small(preheader.text) : ""),
        html ? (html.html ? make("iframe", { sandbox: "", src: `/blob/${html.html}`, title: t.mail_of(one.channel), loading: "lazy" }) : make("p", { class: "empty" }, t.not_kept)) : "",
        !html && text ? make("p", null, text.text) : ""), ...below);
    }
    const looks = { line: "line-app", whatsapp: "whatsapp", push: "push" };
    const bubbles = one.parts.map(part => make("div", { class: "bubble" }, one.parts.length > 1 ? small(part.name) : "", "html" in part ? "" : part.text,
      "html" in part && part.html ? make("iframe", { sandbox: "", src: `/blob/${part.html}`, title: part.name }) : ""));
    return make("div", { class: "content" }, top, make("div", { class: `phone ${looks[one.look] || ""}`, lang: said || null }, ...bubbles), ...below);
  };

  let messaged = "";
  const messages = () => {
    head("messages", t.messages, small(String(state.messages.length)));
    if (!state.messages.length) { messaged = ""; return put("messages", empty(t.no_messages)); }
    const bar = tabs(state.messages, "message");
    const one = state.messages.find(one => one.name === chosen.message);
    // Frames that are drawn again would load again.
    const now = JSON.stringify(one);
    if (messaged === now) return $("messages").firstElementChild.replaceWith(bar);
    messaged = now;
    const group = (who, title) => {
      const all = one.contents.filter(content => content.customer === who);
      return all.length ? [make("p", { class: "soft" }, title), make("div", { class: "contents" }, ...all.map(content))] : [];
    };
    const known = one.contents.filter(content => content.customer === "known"), sparse = one.contents.filter(content => content.customer === "sparse");
    const differ = JSON.stringify(known.map(one => ({ ...one, customer: "" }))) !== JSON.stringify(sparse.map(one => ({ ...one, customer: "" })));
    put("messages", bar, make("p", { class: "place" }, one.place), ...group("known", t.known), ...(differ ? [details(`sparse ${one.name}`, t.sparse, ...group("sparse", ""))] : []));
  };

  const draw = () => {
    if (!state || !state.status) return;
    document.title = `${state.status === "good" ? "✓" : "✗"} ${state.project} · onward dev`;
    $("project").textContent = state.project;
    $("status").className = `pill ${state.status === "good" ? "good" : "bad"}`;
    $("status").textContent = state.status === "broken" ? t.broken(state.errors) : t[state.status];
    $("when").textContent = [t.took(state.took_ms), state.changed.length ? t.changed(state.changed.slice(0, 3).join(", ")) : ""].filter(Boolean).join(" · ");
    const bad = state.status !== "good";
    $("stale").hidden = !bad;
    $("stale").textContent = state.stale ? t.stale : t.stale_none;
    document.body.classList.toggle("is-stale", state.stale);
    findings();
    scenarios();
    simulation();
    journeys();
    messages();
  };

  let asking = false, again = false;
  const load = async () => {
    if (asking) { again = true; return; }
    asking = true;
    try {
      do {
        again = false;
        const answer = await fetch("/state.json", { cache: "no-store" });
        if (!answer.ok) throw new Error(answer.statusText);
        state = await answer.json();
        draw();
      } while (again);
      $("link").hidden = true;
    } catch {
      $("link").hidden = false;
      $("link").textContent = t.lost;
    } finally {
      asking = false;
    }
  };
  const events = new EventSource("/events");
  events.addEventListener("state", load);
  events.addEventListener("error", () => { $("link").hidden = false; $("link").textContent = t.lost; });
  load();
})();
