// The queue: choosing rows, deciding on many, putting off. Uses what console.js defines.
"use strict";
{
const bulkBox = document.getElementById("bulk");
const snoozeBox = document.getElementById("snooze");
let anchor = null; // where a range begins

const boxOf = (row) => row?.querySelector("[data-pick]");
const picked = () => rows().filter((row) => boxOf(row)?.checked);

function shown() {
  const n = picked().length;
  for (const row of rows()) row.classList.toggle("is-picked", Boolean(boxOf(row)?.checked));
  if (!bulkBox) return;
  bulkBox.hidden = n === 0 && !document.getElementById("bulk-all").checked;
  bulkBox.querySelector("[data-picked]").textContent = String(n);
}

function pick(row, on) {
  const box = boxOf(row);
  if (!box) return;
  box.checked = on ?? !box.checked;
  anchor = row;
  shown();
}

function pickRange(to) {
  const all = rows();
  const from = Math.max(0, all.indexOf(anchor ?? to));
  const until = all.indexOf(to);
  for (const row of all.slice(Math.min(from, until), Math.max(from, until) + 1)) {
    const box = boxOf(row);
    if (box) box.checked = true;
  }
  shown();
}

async function ask_for_many(action, reason, everything) {
  const body = { action, reason };
  if (everything) body.query = bulkBox.dataset.query;
  else body.incidents = picked().map((row) => row.dataset.id);
  const made = await send("/api/v1/bulk", body);
  location.assign(`/bulk/${made.id}`);
}

// A key that decides one row decides the chosen ones, when some are chosen.
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-many]");
  if (!button || !picked().length) return;
  event.stopImmediatePropagation();
  event.preventDefault();
  const options = [...document.getElementById("bulk-act").options];
  const same = JSON.stringify(JSON.parse(button.dataset.many));
  const chosen = options.find((o) => JSON.stringify(JSON.parse(o.value)) === same);
  if (chosen) chosen.selected = true;
  document.getElementById("bulk-why").focus();
}, true);

document.addEventListener("click", (event) => {
  const target = event.target;
  if (target.matches("[data-pick]")) {
    const row = target.closest("[data-row]");
    if (event.shiftKey && anchor) pickRange(row);
    else { anchor = row; shown(); }
  } else if (target.closest("[data-pick-row]")) pick(current() || rows()[0]);
  else if (target.closest("[data-snooze]")) putOff();
  else if (target.closest("[data-duplicate]")) duplicate(target.closest("button"));
  else if (target.closest("[data-merge]")) merge(target.closest("button"));
  else if (target.closest("[data-row-open]")) {
    const row = current() || rows()[0];
    const part = target.closest("button").dataset.rowOpen;
    if (row) location.assign(`/incidents/${row.dataset.id}#${part}`);
  }
});

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || !keysOn) return;
  if (event.target.closest("input:not([data-pick]), textarea, select, dialog")) return;
  const key = plainKey(event.key);
  if (key === "X") pickRange(current() || rows()[0]);
  else if (key === "J" || key === "K") {
    if (!anchor) anchor = current();
    step(key === "J" ? 1 : -1);
    pickRange(current());
  } else return;
  event.preventDefault();
});

// A date in the fields is of the reader's own clock; what is sent says which one it was.
const instant = (field) => new Date(field.value).toISOString();
function tomorrow(field) {
  // By the node's clock: that of the reader may be wrong.
  const at = new Date(new Date(snoozeBox.dataset.now).getTime() + 24 * 3600 * 1000);
  at.setMinutes(at.getMinutes() - at.getTimezoneOffset(), 0, 0);
  field.value = at.toISOString().slice(0, 16);
}

function putOff() {
  const until = document.getElementById("snooze-until");
  if (!until.value) tomorrow(until);
  snoozeBox.showModal();
  document.getElementById("snooze-why").focus();
}

document.getElementById("snooze-no").addEventListener("click", () => snoozeBox.close());
document.getElementById("snooze-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const button = event.target.querySelector("button");
  const until = instant(document.getElementById("snooze-until"));
  const reason = document.getElementById("snooze-why").value;
  try {
    if (picked().length) {
      await ask_for_many({ kind: "snooze", until }, reason, false);
      return;
    }
    const row = current() || rows()[0];
    const version = Number(row.dataset.version);
    await send(`/api/v1/incidents/${row.dataset.id}/snooze`, { until, reason, version });
    sessionStorage.setItem("said", said.dataset.done);
    location.reload();
  } catch (problem) {
    failed(button, problem);
  }
});

async function duplicate(button) {
  const row = current();
  const others = picked().filter((other) => other !== row);
  if (!row || others.length !== 1) {
    say(button, button.dataset.says, "bad");
    return;
  }
  try {
    await send(`/api/v1/incidents/${row.dataset.id}/duplicate`,
      { of: others[0].dataset.id, version: Number(row.dataset.version) });
    sessionStorage.setItem("said", said.dataset.done);
    location.reload();
  } catch (problem) {
    failed(button, problem);
  }
}

async function merge(button) {
  const [first, ...others] = picked();
  if (!others.length) {
    say(button, button.dataset.confirm, "bad");
    return;
  }
  const yes = await confirmed(button.dataset.confirm, true);
  if (!yes) return;
  try {
    await send(`/api/v1/incidents/${first.dataset.id}/merges`,
      { others: others.map((row) => row.dataset.id), reason: yes.reason });
    sessionStorage.setItem("said", said.dataset.done);
    location.reload();
  } catch (problem) {
    failed(button, problem);
  }
}

bulkBox?.addEventListener("submit", async (event) => {
  event.preventDefault();
  const action = JSON.parse(document.getElementById("bulk-act").value);
  const until = document.getElementById("bulk-until");
  const button = event.target.querySelector("button");
  try {
    if (action.kind === "snooze") {
      if (!until.value) tomorrow(until);
      action.until = instant(until);
    }
    await ask_for_many(action, document.getElementById("bulk-why").value,
      document.getElementById("bulk-all").checked);
  } catch (problem) {
    failed(button, problem);
  }
});
document.getElementById("bulk-all")?.addEventListener("change", shown);
document.getElementById("bulk-none")?.addEventListener("click", () => {
  for (const row of picked()) boxOf(row).checked = false;
  anchor = null;
  shown();
});
shown();
}
