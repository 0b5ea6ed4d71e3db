"use strict";
(function () {
  var data = JSON.parse(document.getElementById("data").textContent);

  // Conflicts: a node, an edge and a sentence belong together if they share a rule.
  function rulesOf(e) {
    return e.dataset.rules.split(" ").filter(Boolean);
  }
  function light(article, from) {
    var wanted = from ? rulesOf(from) : [];
    article.querySelectorAll("[data-rules]").forEach(function (e) {
      var hit = rulesOf(e).some(function (r) { return wanted.indexOf(r) >= 0; });
      e.classList.toggle("hit", hit);
      if (e.hasAttribute("aria-pressed")) {
        e.setAttribute("aria-pressed", String(e === from));
      }
    });
  }
  document.querySelectorAll(".conflict").forEach(function (article) {
    var chosen = null;
    function choose(e) {
      chosen = chosen === e ? null : e;
      light(article, chosen);
    }
    article.querySelectorAll(".node, .rules > li").forEach(function (e) {
      e.addEventListener("click", function () { choose(e); });
      e.addEventListener("keydown", function (event) {
        if (event.key === "Enter" || event.key === " ") {
          event.preventDefault();
          choose(e);
        }
      });
    });
  });

  // Plans: every entry is a row of the table; a plan is an order of some of them.
  var body = document.querySelector("#entries tbody");
  if (!body) {
    return;
  }
  var count = document.getElementById("count");
  var filter = document.getElementById("filter");
  var rows = Array.prototype.slice.call(body.rows).sort(function (a, b) {
    return Number(a.id.slice(1)) - Number(b.id.slice(1));
  });
  function tell() {
    var shown = rows.filter(function (r) { return !r.hidden; });
    var left = shown.filter(function (r) { return !r.classList.contains("out"); });
    count.textContent = left.length === shown.length ? shown.length + " entries" : left.length + " of " + shown.length + " entries";
  }
  function show(number) {
    var plan = data.plans[number];
    rows.forEach(function (r) {
      r.hidden = true;
      r.classList.remove("only");
    });
    var order = document.createDocumentFragment();
    plan.rows.forEach(function (n, i) {
      rows[n].hidden = false;
      rows[n].cells[0].textContent = i + 1;
      order.appendChild(rows[n]);
    });
    body.appendChild(order);
    plan.new.forEach(function (n) { rows[n].classList.add("only"); });
    tell();
  }
  function sift() {
    var words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
    rows.forEach(function (r) {
      var text = r.textContent.toLowerCase();
      r.classList.toggle("out", !words.every(function (w) { return text.indexOf(w) >= 0; }));
    });
    tell();
  }
  filter.addEventListener("input", sift);
  document.querySelectorAll("input[name=choice]").forEach(function (input) {
    input.addEventListener("change", function () { show(Number(input.value)); });
    if (input.checked && input.value !== "0") { // a browser may remember the choice of before
      show(Number(input.value));
    }
  });
})();
