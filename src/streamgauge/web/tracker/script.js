/* The tracker: what a page includes to tell of its visits. docs/tracker.md lists its attributes and functions.

   Promises:
   - Nothing is sent, stored or listened for when the browser asks not to be tracked (Do-Not-Track, Global Privacy Control), on a
     local page without data-local, on a host that is not among data-domains, or without data-website-id.
   - Each event has an id made here and waits until it is answered, so that however often it is sent it counts once. What the
     server refuses for good (4xx) is dropped; all else is tried again, later each time, for as long as the page lives.
   Limit: what waits when the page goes is handed to sendBeacon, which tells nobody whether it arrived.

   Served minified (make setup), below 2 KB gzipped. */
(() => {
  const { currentScript: script } = document;
  const data = script.dataset;
  const endpoint = data.api || new URL("../api/collect", script.src);
  const early = (window.streamgauge || {}).q || []; // Calls that the stub of docs/tracker.md has kept for us.
  const listOf = (text) => (text ? text.split(/[\s,]+/) : []);
  const on = (target, kind, listener) => target.addEventListener(kind, listener, true);
  const random = () => [...crypto.getRandomValues(new Uint32Array(4))].map((number) => number.toString(36)).join("");

  // Within the limits of the server: 50 events, 64 KiB (characters may take three bytes), 24 hours.
  const MOST_EVENTS = 50;
  const MOST_CHARACTERS = 2e4;
  const MOST_WAITING = 1e3;
  const OLDEST_MS = 864e5;
  const FLUSH_MS = 250;
  const LONGEST_PAUSE_MS = 3e5;

  const isSilent =
    !data.websiteId ||
    navigator.globalPrivacyControl ||
    (navigator.doNotTrack || window.doNotTrack) == 1 ||
    (data.domains && !listOf(data.domains).includes(location.hostname)) ||
    (!("local" in data) && /^(localhost|127\..*|\[::1]|.*\.local(host)?|)$/.test(location.hostname));

  let waiting = []; // Events, oldest first.
  let timer;
  let isSending;
  let failures = 0;
  let customer;
  let page = "";
  let referrer = document.referrer;

  // With data-identity="cookie", for thirteen months; the server uses it only when the website is set to cookies too.
  let visitor;
  if (!isSilent && data.identity == "cookie") {
    visitor = (/\b_sg=(\w+)/.exec(document.cookie) || [])[1] || random();
    document.cookie = `_sg=${visitor};path=/;max-age=34e6;samesite=lax${location.protocol == "https:" ? ";secure" : ""}`;
  }

  // Sending.

  // The title is read late, since a page that changes its address changes its title afterwards; but before the next page's.
  const fixTitles = () => waiting.map((event) => (event.title = event.title || document.title));

  // Takes the oldest events that fit into one request. Ages and not times: clocks of browsers are wrong.
  const take = (most = MOST_EVENTS) => {
    fixTitles();
    waiting = waiting.filter((event) => Date.now() - event.at < OLDEST_MS);
    const events = waiting.slice(0, most);
    const body = JSON.stringify({
      website_id: data.websiteId,
      events: events.map(({ at, ...event }) => ({ ...event, age_ms: Math.max(0, Date.now() - at) })),
    });
    if (body.length > MOST_CHARACTERS && events.length > 1) return take(events.length >> 1);
    waiting = waiting.slice(events.length);
    return [events, body];
  };

  const sendLater = (delay) => {
    timer = timer || setTimeout(send, delay);
  };

  const send = () => {
    timer = clearTimeout(timer);
    if (isSending || !waiting.length) return;
    const [events, body] = take();
    const settle = (status) => {
      isSending = 0;
      if (status > 499 || status == 408 || status == 429) {
        waiting = [...events, ...waiting];
        sendLater(Math.min(1e3 * 2 ** failures++, LONGEST_PAUSE_MS));
      } else {
        failures = 0;
        sendLater(0);
      }
    };
    isSending = 1;
    // Text has the type text/plain, for which browsers need no preflight.
    fetch(endpoint, { method: "POST", body, keepalive: true, credentials: "omit" }).then(
      (answer) => settle(answer.status),
      () => settle(503),
    );
  };

  // The page may go: there is no time to wait for an answer.
  const leave = () => {
    while (waiting.length) {
      const [events, body] = take();
      if (!navigator.sendBeacon(endpoint, body)) {
        waiting = [...events, ...waiting];
        return;
      }
    }
  };

  // Events.

  // With data-hash, what follows "#" is a page of its own: /app#/settings is told as /app/settings.
  const here = () =>
    "hash" in data
      ? location.origin + (location.pathname + location.hash.replace(/^#?\/?/, "/")).replace("//", "/") + location.search
      : location.href.split("#")[0];

  // data-exclude="/admin/*, /drafts": a star stands for anything.
  const isExcluded = (url) =>
    listOf(data.exclude).some((pattern) =>
      RegExp(`^${pattern.replace(/[^\w*]/g, "\\$&").replace(/\*/g, ".*")}$`).test(new URL(url).pathname),
    );

  const add = (name, props, revenue) => {
    const url = page || here();
    if (isSilent || isExcluded(url)) return;
    waiting.push({
      id: random(),
      at: Date.now(),
      name,
      url,
      referrer,
      screen: screen.width + "x" + screen.height,
      language: navigator.language,
      props: props && JSON.parse(JSON.stringify(props)), // As they are now; what cannot be sent fails here, at the caller.
      revenue,
      customer_id: customer,
      visitor_id: visitor,
    });
    waiting = waiting.slice(-MOST_WAITING);
    sendLater(FLUSH_MS);
  };

  const api = (window.streamgauge = {
    track: (name, props) => add(name, props),
    revenue: (revenue, props) => add("revenue", props, revenue),
    notFound: () => add("not_found"),
    pageview: (url) => {
      fixTitles();
      referrer = page || referrer;
      page = url ? new URL(url, location.href).href : here();
      add("page_view");
    },
    // Events that still wait get the customer too; when there are none, one is made to carry it.
    identify: (customer_id) => {
      customer = customer_id + "";
      waiting.map((event) => (event.customer_id = customer));
      waiting.length || add("identify");
    },
    visitor,
  });

  const moved = () => here() != page && api.pageview();

  // What an element says of itself: data-sg-plan-name="pro" is the property plan_name.
  const MARKED = "[data-sg-event],[data-sg-revenue-amount]";
  const tell = (element) => {
    const props = {};
    let revenue;
    for (const word in element.dataset) {
      const snake = word.replace(/[A-Z]/g, (letter) => "_" + letter.toLowerCase());
      const [, isRevenue, key] = /^sg_(revenue_)?(.+)/.exec(snake) || [];
      if (isRevenue) (revenue = revenue || {})[key] = element.dataset[word];
      else if (key && key != "event") props[key] = element.dataset[word];
    }
    add(element.dataset.sgEvent || "revenue", props, revenue);
  };

  const DOWNLOAD =
    /\.(7z|apk|csv|deb|dmg|docx?|epub|exe|iso|mov|mp[34]|msi|pdf|pkg|pptx?|rar|rpm|tar|t?gz|txt|xlsx?|zip)$/i;
  const clicked = ({ target, button }) => {
    if (button > 1 || !target.closest) return;
    const element = target.closest(MARKED);
    const link = target.closest("a[href]");
    if (element && element.tagName != "FORM") tell(element);
    if (!link || !/^http/.test(link.protocol)) return;
    if (link.hasAttribute("download") || DOWNLOAD.test(link.pathname)) add("file_download", { url: link.href });
    else if (link.host != location.host) add("outbound_link", { url: link.href });
  };

  const start = () => {
    api.pageview();
    if (document.querySelector("[data-sg-404],meta[name=streamgauge][content='404']")) api.notFound();
    early.map(([name, args]) => api[name](...args));
    ["pushState", "replaceState"].map((name) => {
      const original = history[name];
      history[name] = (...args) => {
        original.apply(history, args);
        moved();
      };
    });
    on(window, "popstate", moved); // Also when only the hash changes.
    on(window, "pageshow", (event) => event.persisted && api.pageview());
    on(window, "pagehide", leave);
    // A beacon cannot be tried again: while the server does not answer, it is asked as always.
    on(document, "visibilitychange", () => document.hidden && (failures ? send() : leave()));
    on(document, "click", clicked);
    on(document, "auxclick", clicked);
    on(document, "submit", ({ target }) => target.matches(MARKED) && tell(target));
  };

  if (isSilent) return;
  if (document.prerendering) on(document, "prerenderingchange", start);
  else if (document.readyState == "loading") on(document, "DOMContentLoaded", start);
  else start();
})();
