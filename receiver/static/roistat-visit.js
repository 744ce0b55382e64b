/*
 * Roistat for SugarCRM: brings the number of the visit into the forms of a website,
 * and sends forms where the site wants that. How to use it: docs/visit-script.md.
 * Plain ES2017; one global, `sugarRoistat`. MIT licence.
 */
(function () {
  "use strict";

  if (window.sugarRoistat) return; // a second tag changes nothing

  // a module, or a tag manager, leaves no current script
  const tag =
    document.currentScript || document.querySelector('script[src*="/roistat-visit.js"]');
  const settings = tag ? tag.dataset : {};
  const prefix = settings.prefix || "roistat";
  const title = prefix.charAt(0).toUpperCase() + prefix.slice(1);

  const HOOKS = [`${prefix}VisitCallback`, `on${title}ModuleLoaded`, `on${title}AllModulesLoaded`];
  const NAMES = ["roistat", "roistat_c", "roistat_visit"];
  const FIELDS = NAMES.map((name) => `input[type="hidden"][name="${name}"]`).join(",");
  // what sites and snippets put where there is none; receiver/website.py has the same
  const NO_VISIT = ["", "nocookie", "unknown", "undefined", "null", "none", "false"];
  const PATIENCE = 10000; // milliseconds for the answer to a lead

  /* The visit: the cookie, else the tracker's word, else what it told us by a callback. */

  let told = "";

  function visit() {
    return fromCookie() || fromTracker() || told;
  }

  function number(value) {
    const text = value === undefined || value === null ? "" : String(value).trim();
    return NO_VISIT.includes(text.toLowerCase()) ? "" : text;
  }

  function fromCookie() {
    try {
      const start = `${prefix}_visit=`;
      const pair = document.cookie.split("; ").find((one) => one.startsWith(start));
      return pair ? number(decodeURIComponent(pair.slice(start.length))) : "";
    } catch (error) {
      return ""; // a sandboxed frame has no cookies; or what is there is no text
    }
  }

  function fromTracker() {
    try {
      return number(window[prefix].getVisit());
    } catch (error) {
      return ""; // not loaded yet, or kept from loading
    }
  }

  /* The tracker's callbacks: joined, whoever defines them before or after us. */

  const joined = new WeakSet();
  const registered = new WeakSet();

  function join(name) {
    let hook = window[name];
    if (joined.has(hook)) return;
    hook = withOurs(hook);
    const found = Object.getOwnPropertyDescriptor(window, name);
    if (found && !(found.configurable && "value" in found)) {
      window[name] = hook; // a declared function, say: it cannot be watched
      return;
    }
    Object.defineProperty(window, name, {
      configurable: true,
      enumerable: true,
      get: () => hook,
      set: (theirs) => {
        hook = joined.has(theirs) ? theirs : withOurs(theirs);
      },
    });
  }

  // Each definition gets us in front of its own: a page that keeps the one before and
  // calls it from its own meets that one, never itself.
  function withOurs(theirs) {
    const both = function (...values) {
      heard(values[0]);
      return typeof theirs === "function" ? theirs.apply(this, values) : undefined;
    };
    joined.add(both);
    return both;
  }

  function joinAll() {
    for (const name of HOOKS) {
      try {
        join(name);
      } catch (error) {
        // sealed by the page: the cookie is read at submit all the same
      }
    }
  }

  function heard(visitOfCallback) {
    told = number(visitOfCallback) || told;
    try {
      register(window[prefix]);
    } catch (error) {
      // the tracker's own trouble: whoever else listens is called all the same
    }
    look();
  }

  function register(tracker) {
    if (!tracker || !tracker.registerOnVisitProcessedCallback) return;
    if (registered.has(tracker)) return;
    registered.add(tracker);
    tracker.registerOnVisitProcessedCallback(look);
  }

  let resolve;
  const ready = new Promise((done) => {
    resolve = done;
  });

  function look() {
    if (!visit()) return;
    fill(document);
    resolve(visit());
  }

  /* Hidden fields: filled where they are empty, or hold an earlier visit of ours. */

  const filled = new WeakMap();

  function isOurs(field) {
    return filled.get(field) === field.value;
  }

  function fill(root) {
    const current = visit();
    if (!current) return;
    for (const field of root.querySelectorAll(FIELDS)) {
      if (number(field.value) && !isOurs(field)) continue;
      field.value = current;
      field.autocomplete = "off"; // Firefox would keep it over a reload, as if the site's
      filled.set(field, current);
    }
  }

  function onUse(event) {
    const [target] = event.composedPath();
    fill(document);
    if (target instanceof Node) fill(target.getRootNode()); // inside a web component, say
  }

  // Whoever reads a form, at whatever moment: a person has focused or clicked before.
  for (const kind of ["focusin", "click", "submit"]) window.addEventListener(kind, onUse, true);

  window.addEventListener(
    "formdata",
    (event) => {
      const root = event.target.getRootNode();
      fill(root);
      for (const field of root.querySelectorAll(FIELDS)) {
        const isSent = field.form === event.target && event.formData.has(field.name);
        if (isSent && isOurs(field)) event.formData.set(field.name, field.value);
      }
    },
    true
  );

  /* Sending a form by ourselves, where it has `data-roistat-lead`. */

  const sending = new WeakSet();

  function destination() {
    return settings.to
      ? new URL(settings.to, document.baseURI).href
      : new URL("/leads", tag.src).href;
  }

  function leadOf(form) {
    const lead = new URLSearchParams();
    new FormData(form).forEach((value, name) => {
      if (typeof value === "string") lead.append(name, value); // no files
    });
    lead.delete("charset"); // whatever the page is written in, this is UTF-8
    if (settings.key && !lead.has("key")) lead.set("key", settings.key);
    const current = NAMES.map((name) => number(lead.get(name))).find(Boolean) || visit();
    if (current) lead.set("roistat", current);
    return lead;
  }

  async function post(form) {
    const stop = new AbortController();
    const timer = setTimeout(() => stop.abort(), PATIENCE);
    try {
      const answer = await fetch(destination(), {
        method: "POST",
        body: leadOf(form),
        credentials: "omit",
        keepalive: true,
        signal: stop.signal,
      });
      return (await answer.json()) || {};
    } catch (error) {
      return { error: "unreachable", description: "The lead could not be sent." };
    } finally {
      clearTimeout(timer);
    }
  }

  async function attempt(form) {
    const answer = await post(form);
    const isSent = answer.status === "success";
    const detail = isSent
      ? { id: answer.data }
      : { error: answer.error || "unknown", description: answer.description || "" };
    const name = isSent ? "roistat-lead:sent" : "roistat-lead:failed";
    const isLeftToUs = form.dispatchEvent(
      new CustomEvent(name, { bubbles: true, cancelable: !isSent, detail })
    );
    return { isSent, isLeftToUs };
  }

  // No action of its own means this page, with everything in its address: not that.
  function leaveToTheSite(form) {
    const action = form.getAttribute("action");
    if (!action || new URL(action, document.baseURI).href === destination()) return;
    HTMLFormElement.prototype.submit.call(form);
  }

  // Last of all listeners: a form that the site has stopped, or handles, is not ours.
  window.addEventListener("submit", async (event) => {
    const form = event.target;
    if (event.defaultPrevented || !form.hasAttribute("data-roistat-lead")) return;
    if (form.getAttribute("data-roistat-lead") === "copy") {
      attempt(form);
      return;
    }
    event.preventDefault();
    if (sending.has(form)) return; // a second click
    sending.add(form);
    const { isSent, isLeftToUs } = await attempt(form);
    sending.delete(form);
    if (!isSent && isLeftToUs) leaveToTheSite(form);
  });

  window.sugarRoistat = Object.freeze({
    visit,
    ready,
    send: (form) => attempt(form).then(({ isSent }) => isSent),
  });

  joinAll();
  heard();
  for (const kind of ["DOMContentLoaded", "load", "pageshow"]) {
    window.addEventListener(kind, () => {
      joinAll(); // a function declared since has put itself in our place
      heard();
    });
  }
})();
