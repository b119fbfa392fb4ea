// The console: actions, keys, live news. One file, no framework, nothing inline.
"use strict";
const csrf = document.querySelector('meta[name="csrf"]').content;
const said = document.getElementById("said");
const ask = document.getElementById("ask");

// --- Actions: a button names its address and body; what goes wrong is said beside it.

async function send(path, body, method = "POST", again = false) {
  const answer = await fetch(path, {
    method,
    headers: { "Content-Type": "application/json", "X-CSRF-Token": csrf },
    body: JSON.stringify(body),
  });
  const told = (answer.headers.get("Content-Type") || "").includes("json");
  const data = told ? await answer.json() : {};
  const asksKey = answer.status === 403 && (data.errors || []).some((e) => e.rule === "step_up");
  if (asksKey && window.zvonConfirm && !again) {
    await window.zvonConfirm();
    return send(path, body, method, true);
  }
  if (!answer.ok) throw refusal(answer, data);
  return data;
}

function say(near, text, tone, more = "") {
  write(said, text, more);
  let line = near.parentElement.querySelector(":scope > .said");
  if (!line) {
    line = document.createElement("p");
    line.className = "said";
    near.insertAdjacentElement("afterend", line);
  }
  line.dataset.tone = tone;
  write(line, text, more);
}

/** What went wrong: the node refused, or does not answer. */
function failed(near, problem) {
  if (problem instanceof TypeError) say(near, said.dataset.lost, "bad");
  else say(near, problem.message, "bad", problem.more);
}

function confirmed(text, wantsReason) {
  const field = document.getElementById("ask-field");
  const reason = document.getElementById("ask-reason");
  document.getElementById("ask-text").textContent = text;
  field.hidden = !wantsReason;
  reason.required = wantsReason;
  reason.value = "";
  return new Promise((resolve) => {
    ask.returnValue = "no";
    ask.addEventListener(
      "close",
      () => resolve(ask.returnValue === "yes" ? { reason: reason.value } : null),
      { once: true },
    );
    ask.showModal();
    (wantsReason ? reason : document.getElementById("ask-yes")).focus();
  });
}

function show(id, text) {
  const box = document.getElementById(id);
  box.value = text;
  document.getElementById(`${id}-box`).hidden = false;
  box.focus();
  box.select();
}

async function act(button, path, extra = {}) {
  let body = { ...JSON.parse(button.dataset.body || "{}"), ...extra };
  if (button.dataset.confirm) {
    const yes = await confirmed(button.dataset.confirm, "reason" in button.dataset);
    if (!yes) return;
    if ("reason" in button.dataset) body = { ...body, [button.dataset.reason || "reason"]: yes.reason };
  }
  if (document.getElementById("everywhere")?.checked && body.overrides) body.everywhere = true;
  const focused = document.activeElement === button;
  button.disabled = true;
  try {
    const data = await send(path, body, button.dataset.method || "POST");
    if (button.dataset.show) {
      show(button.dataset.show, data.invitation || data.link || data.contact || "–");
    } else {
      sessionStorage.setItem("said", said.dataset.done);
      location.reload();
    }
  } catch (problem) {
    failed(button, problem);
  } finally {
    button.disabled = false;
    if (focused && document.activeElement === document.body) button.focus();
  }
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-post]");
  if (button) act(button, button.dataset.post);
  const rowButton = event.target.closest("[data-row-post]");
  if (rowButton) actOnRow(rowButton);
});

const read = (as, text) =>
  as === "bool" ? text === "true"
  : as === "list" ? text.split(",").map((each) => each.trim()).filter(Boolean)
  : as === "int" || as === "float" ? Number(text.replace(",", "."))
  : text;

/** `settings.url` of a form becomes `url` in `settings`. */
function nest(body) {
  for (const [name, value] of Object.entries(body)) {
    const [outer, inner] = name.split(".");
    if (!inner) continue;
    body[outer] = { ...body[outer], [inner]: value };
    delete body[name];
  }
}

/** `things:a=kind,b=text` makes of the fields `a` and `b` one thing in the list `things`. */
function gather(body, rule) {
  const [list, fields] = rule.split(":");
  const one = {};
  for (const [name, inner] of fields.split(",").map((each) => each.split("="))) {
    one[inner] = body[name];
    delete body[name];
  }
  body[list] = [one];
}

const picked = (form, name) =>
  [...form.querySelectorAll("input[data-pick]:checked")].filter((box) => box.name === name).map((box) => box.value);

document.addEventListener("submit", async (event) => {
  const form = event.target.closest("[data-form]");
  if (!form) return;
  event.preventDefault();
  const body = Object.fromEntries(new FormData(form));
  for (const field of form.elements) {
    if (field.type === "date" && field.value) body[field.name] = `${field.value}T23:59:59Z`;
    if (field.type === "datetime-local" && field.value) body[field.name] = `${field.value.slice(0, 16)}:00Z`;
    if ("optional" in field.dataset && !field.value) delete body[field.name];
    else if (field.dataset.as) body[field.name] = read(field.dataset.as, field.value);
  }
  nest(body);
  if (form.dataset.inner) gather(body, form.dataset.inner);
  Object.assign(body, JSON.parse(form.dataset.fixed ?? "{}"));
  for (const box of form.querySelectorAll("input[type=checkbox]")) {
    body[box.name] = "pick" in box.dataset ? picked(form, box.name) : box.checked;
  }
  if (form.dataset.list) body[form.dataset.list] = [body[form.dataset.list]];
  const sent = form.dataset.wrap ? { [form.dataset.wrap]: [body] } : body;
  try {
    const data = await send(form.dataset.form, sent, form.dataset.method || "POST");
    const shownOnce = data.token || data.secret || data.key;
    if (form.dataset.show && shownOnce) {
      show(form.dataset.show, shownOnce);
      return;
    }
    sessionStorage.setItem("said", said.dataset.done);
    if (form.dataset.to) location.assign(form.dataset.to);
    else location.reload();
  } catch (problem) {
    failed(form.querySelector("button"), problem);
  }
});

// --- How a table is read: the proposal with what a person chose for each column.

const table = document.getElementById("mapping");
table?.addEventListener("submit", async (event) => {
  event.preventDefault();
  const mapping = JSON.parse(table.dataset.body);
  const means = [...table.querySelectorAll("[name=means]")];
  const types = [...table.querySelectorAll("[name=type]")];
  mapping.columns = mapping.columns.map((column, n) => ({
    ...column, means: means[n].value, type: types[n].value || null,
  }));
  mapping.rows = table.elements.namedItem("rows").value;
  try {
    await send(table.dataset.mapping, mapping, "PUT");
    location.assign(table.dataset.back);
  } catch (problem) {
    failed(table.querySelector("button"), problem);
  }
});

document.getElementById("signout").addEventListener("click", async () => {
  const { to } = await send("/api/v1/session/end", {});
  location.assign(to);
});

const kept = sessionStorage.getItem("said");
if (kept) {
  said.textContent = kept;
  sessionStorage.removeItem("said");
}

// --- Rows: one is current; keys act on it, and the place is kept over a reload.

const rows = () => [...document.querySelectorAll("[data-row]")];
const current = () => document.querySelector("[data-row].is-current");

function choose(row) {
  for (const other of rows()) {
    other.classList.toggle("is-current", other === row);
    other.tabIndex = other === row ? 0 : -1;
  }
  row.focus();
  sessionStorage.setItem("row", String(rows().indexOf(row)));
}

function step(by) {
  const all = rows();
  if (!all.length) return;
  const at = all.indexOf(current());
  choose(all[Math.min(all.length - 1, Math.max(0, at + by))] || all[0]);
}

function actOnRow(button) {
  const row = current() || rows()[0];
  if (!row) return;
  const path = button.dataset.rowPost;
  const word = button.dataset.rowWord;
  const extra = word ? { overrides: { [row.dataset.span]: word } }
    : ["/verdict", "/alert-verdict"].includes(path) ? { version: Number(row.dataset.version) } : {};
  act(button, (row.dataset.base || `/api/v1/incidents/${row.dataset.id}`) + path, extra);
}

document.addEventListener("focusin", (event) => {
  const row = event.target.closest("[data-row]");
  if (row && !row.classList.contains("is-current")) {
    for (const other of rows()) other.classList.toggle("is-current", other === row);
  }
});

if (rows().length) {
  const all = rows();
  const at = Math.min(Number(sessionStorage.getItem("row") || 0), all.length - 1);
  all[at].classList.add("is-current");
}

// --- Keys: the same attribute that shows a key binds it.

let prefix = "";
const keysOn = document.documentElement.dataset.keys === "on";
// Keys that a person moved: the shipped key and the one pressed instead of it.
const moved = JSON.parse(document.documentElement.dataset.keyMap || "{}");
const shippedKey = Object.fromEntries(Object.entries(moved).map(([from, to]) => [to, from]));

/** The shipped key that the pressed one stands for; a key that was moved away stands for nothing. */
function plainKey(key) {
  if (key in shippedKey) return shippedKey[key];
  return key in moved ? "" : key;
}

for (const found of document.querySelectorAll("[data-key]")) {
  const box = found.querySelector("kbd");
  if (box && found.dataset.key in moved) box.textContent = moved[found.dataset.key];
}

function named(key) {
  // What only explains a key is no target: Enter on a focused button stays the button's.
  const all = document.querySelectorAll(":is(a, button, input, textarea, select)[data-key]");
  return [...all].find((e) => e.dataset.key === key);
}

// The row that Enter opens: the one with the focus, else, with the focus nowhere, the current one.
function rowAt(target) {
  if (target.closest("a, button")) return null;
  return target === document.body ? current() : target.closest("[data-row]");
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (event.target.closest("input:not([data-pick]), textarea, select, dialog")) return;
  const key = prefix ? event.key : plainKey(event.key);
  if (event.key === "ArrowDown" || (keysOn && key === "j")) step(+1);
  else if (event.key === "ArrowUp" || (keysOn && key === "k")) step(-1);
  else if (event.key === "Enter" && rowAt(event.target)) {
    rowAt(event.target).querySelector("a").click();
  } else if (keysOn && key === "g" && !prefix) {
    prefix = "g ";
    setTimeout(() => { prefix = ""; }, 1500);
    return;
  } else if (keysOn || key === "?") {
    const found = named(prefix + key);
    prefix = "";
    if (!found) return;
    if (found.matches("input, textarea")) found.focus();
    else found.click();
  } else return;
  event.preventDefault();
});

function words(found) {
  const shown = (found.labels?.[0] || found).cloneNode(true);
  for (const box of shown.querySelectorAll("kbd, .n")) box.remove();
  return found.dataset.says || found.getAttribute("aria-label") || shown.textContent.trim();
}

document.getElementById("help-open").addEventListener("click", () => {
  const list = document.getElementById("help-list");
  list.replaceChildren();
  for (const found of document.querySelectorAll("[data-key]")) {
    const key = document.createElement("dt");
    const what = document.createElement("dd");
    const box = document.createElement("kbd");
    box.textContent = moved[found.dataset.key] || found.dataset.key;
    key.append(box);
    what.textContent = words(found);
    list.append(key, what);
  }
  document.getElementById("help").showModal();
});

// --- Live: news wait until they are asked for; a lost line is said with its age.

const live = document.getElementById("live-line");
const watched = document.querySelector("[data-live]");
if (watched && "EventSource" in window) {
  const wanted = watched.dataset.live.split(" ");
  let newer = 0;
  const source = new EventSource("/api/v1/live");
  const clock = () => new Date().toTimeString().slice(0, 8);
  const alive = () => {
    live.className = "push mark mark--good quiet";
    live.lastElementChild.textContent = `${live.dataset.liveWord}, ${clock()}`;
  };
  source.addEventListener("here", alive);
  source.addEventListener("beat", alive);
  source.addEventListener("change", (event) => {
    alive();
    const change = JSON.parse(event.data);
    if (!wanted.includes(change.kind) && !wanted.includes(change.id)) return;
    newer += 1;
    const box = document.getElementById("newer");
    if (box) {
      box.hidden = false;
      box.querySelector("[data-newer]").textContent = String(newer);
    } else {
      document.getElementById("stale").hidden = false;
    }
  });
  source.onerror = () => {
    live.className = "push mark mark--warn quiet";
    live.lastElementChild.textContent = `${live.dataset.lostWord} ${clock()}`;
  };
}

// --- Who looks: a page of something that is worked on says so while it is in sight.

const claimed = document.querySelector("[data-claim]")?.dataset.claim;
if (claimed) {
  const hold = () => {
    if (document.visibilityState === "visible") send(claimed, {}, "PUT").catch(() => {});
  };
  hold();
  setInterval(hold, 5 * 60 * 1000);
  addEventListener("pagehide", () => {
    fetch(claimed, { method: "DELETE", headers: { "X-CSRF-Token": csrf }, keepalive: true });
  });
}
