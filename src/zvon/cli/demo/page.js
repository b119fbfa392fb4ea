// Lines and rows arrive in order; a reconnect starts again from the first.
const body = document.getElementById("steps");
const evidence = document.getElementById("evidence");
const waiting = document.getElementById("waiting");
const source = new EventSource("/demo/steps");
let rows = [];
let times = new Map();
source.onopen = () => { body.replaceChildren(); rows = []; times = new Map(); };
source.onmessage = (event) => {
  const said = JSON.parse(event.data);
  if (said.line) {
    waiting.hidden = true;
    const row = body.insertRow();
    row.insertCell().textContent = `${said.line.step} ${said.line.label}`;
    row.insertCell().textContent = [said.line.text, said.line.right].filter(Boolean).join("  ·  ");
    const cell = row.insertCell();
    cell.className = "num";
    times.set(said.line.step, cell);
  }
  if (said.row) {
    rows.push(said.row);
    const cell = times.get(said.row.step);
    if (cell) cell.textContent = `${said.row.seconds.toFixed(2)} s ${said.row.ok ? "✔" : "✘"}`;
    evidence.textContent = JSON.stringify(rows, null, 1);
  }
};
