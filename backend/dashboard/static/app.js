/* What the pages do beyond plain HTML. Everything also works without this file. */
"use strict";

(() => {
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const announce = (words) => {
    const place = document.getElementById("announcements");
    if (place) place.textContent = words;
  };

  /* Menus close when one looks elsewhere. */
  document.addEventListener("click", (event) => {
    for (const menu of all("details.menu[open]")) if (!menu.contains(event.target)) menu.open = false;
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const menu of all("details.menu[open]")) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
  });

  /* A form goes out once, however often its button is pressed. */
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    if (!form.matches("[hx-post]")) form.dataset.sent = "yes";
  });
  window.addEventListener("pageshow", () => all("form[data-sent]").forEach((form) => delete form.dataset.sent));

  document.addEventListener("htmx:responseError", () => announce(document.body.dataset.failed));
  document.addEventListener("htmx:sendError", () => announce(document.body.dataset.failed));

  /* The worklist renews itself, unless somebody is in the middle of something there. */
  const renewWorklist = () => {
    const list = document.getElementById("worklist");
    if (!list || document.hidden) return;
    const busy = list.querySelector("details[open]") || list.contains(document.activeElement);
    if (!busy) window.htmx.trigger(list, "renew");
  };
  if (document.getElementById("worklist")) setInterval(renewWorklist, 20000);

  document.addEventListener("htmx:afterSettle", (event) => {
    const list = event.target.id === "worklist" ? event.target : null;
    const heading = document.getElementById("count");
    if (list && heading && heading.textContent !== heading.dataset.said) {
      heading.dataset.said = heading.textContent;
      announce(heading.textContent);
    }
    if (list && document.activeElement === document.body && list.dataset.acted) {
      delete list.dataset.acted;
      heading.focus();
    }
  });

  /* What was typed before the scripts arrived is searched for all the same. */
  document.addEventListener("DOMContentLoaded", () => {
    const query = document.getElementById("query");
    if (query && query.value !== query.defaultValue) window.htmx.trigger(query, "search");
  });

  /* Enrolment: only the discs of the chosen region are asked for. */
  const regionOf = () => document.querySelector("input[name=protocol]:checked");
  const showLevels = () => {
    const chosen = regionOf();
    for (const group of all("[data-levels]")) {
      const shown = chosen !== null && group.dataset.levels === chosen.dataset.region;
      group.hidden = !shown;
      group.disabled = !shown;
    }
  };
  all("[data-today]").forEach((frame) => {
    const share = Number(frame.dataset.today);
    frame.scrollLeft = frame.scrollWidth * share - frame.clientWidth / 2;
  });
  all("[data-bottom]").forEach((list) => { list.scrollTop = list.scrollHeight; });

  /* Printing is the browser's: the button is there where it can be asked for. */
  for (const button of all("button[data-print]")) {
    button.hidden = false;
    button.addEventListener("click", () => window.print());
  }

  /* A button that unfolds its line instead of leaving the list. */
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-unfold]");
    const fold = link && document.getElementById(link.dataset.unfold);
    if (!fold) return;
    event.preventDefault();
    fold.open = true;
    fold.querySelector("textarea, select, input:not([type=hidden])")?.focus();
  });

  all("input[name=protocol]").forEach((input) => input.addEventListener("change", showLevels));
  showLevels();

  /* The pain chart. */
  const canvas = document.getElementById("pain-chart");
  if (!canvas || !window.Chart) return;
  const course = JSON.parse(document.getElementById("pain-data").textContent);
  const words = course.words;
  const css = getComputedStyle(document.documentElement);
  const ink = (name) => css.getPropertyValue(name).trim();
  const hatch = () => {
    const tile = document.createElement("canvas");
    tile.width = tile.height = 6;
    const pen = tile.getContext("2d");
    pen.strokeStyle = "#8b94a0";
    pen.lineWidth = 1.4;
    pen.beginPath();
    pen.moveTo(0, 6);
    pen.lineTo(6, 0);
    pen.stroke();
    return canvas.getContext("2d").createPattern(tile, "repeat");
  };
  const level = (y) => [{ x: course.from, y }, { x: course.to, y }];
  const line = (label, data, more) => ({ label, data, borderWidth: 2.5, tension: 0.15, pointRadius: 5, pointHoverRadius: 7, clip: 12, ...more });
  const datasets = [
    line(words.pain, course.pain, { borderColor: ink("--rt-accent"), backgroundColor: ink("--rt-accent"), order: 1 }),
  ];
  if (course.limb.length) {
    datasets.push(line(words.limb, course.limb, { borderColor: "#5a6675", backgroundColor: "#fff", borderDash: [5, 4], pointBorderWidth: 2, order: 2 }));
  }
  if (course.baseline !== null) {
    datasets.push(line(words.baseline, level(course.baseline), { borderColor: "#5a6675", borderWidth: 1.5, borderDash: [2, 4], pointStyle: "line", pointRadius: 0, pointHoverRadius: 0, order: 5 }));
  }
  if (course.expected) {
    const [low, high] = course.expected;
    const edge = { borderWidth: 0, pointStyle: "rect", pointRadius: 0, pointHoverRadius: 0, order: 9 };
    datasets.push(line(words.expected, [{ x: course.expected_from, y: low }, { x: course.to, y: low }], { ...edge, fill: "+1", backgroundColor: "rgb(27 110 60 / 12%)" }));
    datasets.push(line("", [{ x: course.expected_from, y: high }, { x: course.to, y: high }], { ...edge, fill: false }));
  }
  if (course.silences.length) {
    datasets.push(line(words.silence, course.silences, { showLine: false, pointStyle: "circle", pointRadius: 7, pointBorderWidth: 1.5, borderColor: "#6b7582", backgroundColor: hatch(), order: 3 }));
  }
  if (course.alerts.length) {
    datasets.push(line(words.alert, course.alerts, { showLine: false, pointStyle: "triangle", pointRadius: 7, borderColor: "#fff", pointBorderWidth: 1, backgroundColor: course.alerts.map((mark) => (mark.tier === "emergency" ? ink("--rt-red") : ink("--rt-amber-strong"))), order: 0 }));
  }
  window.Chart.defaults.font.family = getComputedStyle(document.body).fontFamily;
  window.Chart.defaults.color = ink("--rt-muted");
  new window.Chart(canvas, {
    type: "line",
    data: { datasets },
    options: {
      animation: false,
      maintainAspectRatio: false,
      interaction: { mode: "nearest", intersect: true },
      scales: {
        x: { type: "linear", min: course.from, max: course.to, title: { display: true, text: words.day }, grid: { display: false }, ticks: { precision: 0, maxTicksLimit: 12 } },
        y: { min: course.silences.length ? -2 : 0, max: 10, ticks: { stepSize: 2, callback: (value) => (value < 0 ? "" : value) }, grid: { color: "#eceff3" }, border: { display: false } },
      },
      plugins: {
        legend: { position: "bottom", labels: { usePointStyle: true, boxHeight: 8, padding: 14, filter: (item) => item.text !== "" } },
        tooltip: { filter: (item) => item.raw.label !== undefined, callbacks: { title: () => "", label: (item) => item.raw.label } },
      },
    },
  });
})();
