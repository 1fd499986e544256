"use strict";
// The page of a session: its state, the log, and the SQL prompt.

const instance = document.body.dataset.instance;
const at = (what) => "/session/" + encodeURIComponent(instance) + "/" + what;
const $ = (id) => document.getElementById(id);
let busy = false;

function state() { return $("session-state").dataset.state; }

function show(html) {
  put($("status"), html);
  const now = state();
  $("login").hidden = now !== "open";
  $("prompt").hidden = now !== "connected";
  if (now === "ended") $("password").value = "";
}

async function act(what, fields) {
  busy = true;
  try {
    show(await (await post(at(what), fields)).text());
  } finally {
    busy = false;
  }
}

async function refresh() {
  if (busy) return;
  const res = await fetch(at("status"));
  if (res.ok && !busy) show(await res.text());
  // The Session Manager starts a session as soon as the agent is there.
  if (state() === "starting" && $("session-state").parentElement.textContent.includes("Starting the session")) await act("start");
}

if ($("login")) {
  $("login").hidden = state() !== "open";
  $("prompt").hidden = state() !== "connected";
  $("login").addEventListener("submit", (e) => {
    e.preventDefault();
    const fields = new URLSearchParams(new FormData(e.target));
    $("password").value = "";
    quiet(act("connect", fields).then(() => $("sql").focus()));
  });
  $("prompt").addEventListener("submit", (e) => {
    e.preventDefault();
    quiet((async () => {
      $("run").disabled = true;
      try {
        $("result").innerHTML = await (await post(at("run"), { sql: $("sql").value })).text();
      } finally {
        $("run").disabled = false;
        await refresh();
      }
    })());
  });
  $("sql").addEventListener("keydown", (e) => {
    if (e.key === "Enter" && (e.ctrlKey || e.metaKey)) $("prompt").requestSubmit();
  });
  document.addEventListener("click", (e) => {
    if (e.target.id === "end") quiet(act("end"));
    if (e.target.id === "start") quiet(act("start"));
  });
  quiet(refresh());
  setInterval(() => quiet(refresh()), 1000);
}
