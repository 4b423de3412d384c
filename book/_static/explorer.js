// The explorers: figures that a reader moves. Each takes the place of a static figure, which stays
// on the page for print and for browsers without JavaScript.
{
  // As accurate as the package, by the same rewriting: nothing overflows and nothing cancels.
  const bell = (x) => {
    const z = Math.exp(-Math.abs(x));
    return z / (1 + z * (2 + z));
  };
  const logistic = (x) => {
    const z = Math.exp(-Math.abs(x));
    return (x < 0 ? z : 1) / (1 + z);
  };
  // |s x| may overflow, |x| + 1 / s does not.
  const rest = (x, s) => 1 / s / (1 / s + Math.abs(x));

  // `reach` is how far the static figure goes on either side of 0.
  const functions = {
    Sigmoid: { f: logistic, slope: bell, reach: 8 },
    Tanh: { f: Math.tanh, slope: (x) => 4 * bell(2 * x), reach: 5 },
    ReLU: { f: (x) => Math.max(x, 0), slope: (x) => (x > 0 ? 1 : 0), reach: 4 },
    Linear: { f: (x) => x, slope: () => 1, reach: 4 },
    Elliot: {
      f: (x, s) => (x < 0 ? rest(x, s) / 2 : 1 - rest(x, s) / 2),
      slope: (x, s) => (s / 2) * rest(x, s) * rest(x, s),
      reach: 8,
      steepness: 1,
    },
    SymmetricElliot: {
      f: (x, s) => x / (1 / s + Math.abs(x)),
      slope: (x, s) => s * rest(x, s) * rest(x, s),
      reach: 6,
      steepness: 2,
    },
    SoftPlus: {
      f: (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))),
      slope: logistic,
      reach: 6,
    },
    SoftSign: {
      f: (x) => x / (1 + Math.abs(x)),
      slope: (x) => rest(x, 1) * rest(x, 1),
      reach: 8,
    },
  };

  const left = 40; // the room for the numbers at the left of a plot
  const between = (low, value, high) => Math.min(Math.max(value, low), high);
  const minus = (text) => text.replace("-", "−");

  // Six digits, and zeros at their end only where more digits follow. <data> holds all of them.
  const number = (value) => {
    const six = value.toPrecision(6);
    const [digits, power] = (Number(six) === value ? String(value) : six).split("e");
    const ten = power ? ` × 10<sup>${minus(power.replace("+", ""))}</sup>` : "";
    return `<data value="${value}">${minus(digits)}${ten}</data>`;
  };

  const slider = (name, label, value, [low, high], least = "") =>
    `<label><span>${label}</span>
      <input type="range" min="${low}" max="${high}" step="0.1" value="${value}"></label>
    <input type="number" aria-label="${name}, any number" name="${name}" step="any" min="${least}"
      value="${value}">`;

  // Put an explorer after an element, and have `draw` called with what its fields hold.
  const attach = (place, html, draw) => {
    const box = document.createElement("div");
    box.className = "explorer";
    box.innerHTML = html;
    place.after(box);
    const fields = [...box.querySelectorAll("[name]")];
    const update = () => {
      if (!fields.every((field) => field.value && field.validity.valid)) return;
      const entries = fields.map(({ name, value }) => [name, isNaN(value) ? value : Number(value)]);
      draw(box, Object.fromEntries(entries));
    };
    box.addEventListener("input", ({ target }) => {
      if (target.type === "range") target.parentElement.nextElementSibling.value = target.value;
      if (target.type === "number") {
        target.previousElementSibling.querySelector("input").value = target.value;
      }
      update();
    });
    update();
    return [box, update];
  };

  // Round steps, about `count` of them, from `low` to `high`.
  const ticks = (low, high, count) => {
    const rough = (high - low) / count;
    const power = 10 ** Math.floor(Math.log10(rough));
    const step = power * ([1, 2, 5].find((factor) => factor * power >= rough) ?? 10);
    const first = Math.ceil(low / step);
    const length = Math.floor(high / step) - first + 1;
    return Array.from({ length }, (_, i) => Number(((first + i) * step).toPrecision(12)));
  };

  // Take the place of a figure's picture.
  const replace = (figure, html, draw) => {
    figure.classList.add("explored");
    return attach(figure.querySelector("img"), html, draw);
  };

  // A function, or two for the reader to choose, with the derivatives and a point that moves.
  const curves = (figure, names) => {
    const alone = names.length === 1;
    const { reach, steepness } = functions[names[0]];
    const options = (name) =>
      Object.keys(functions)
        .map((key) => `<option${key === name ? " selected" : ""}>${key}</option>`)
        .join("");
    const rows = names.map((name, i) => {
      const choice = `<select name="f${i}" aria-label="function ${i + 1}">${options(name)}</select>`;
      return `<div class="row">${alone ? "" : choice}<output aria-live="polite"></output></div>`;
    });
    const steep = "<span class='wide'>steepness</span> <i>s</i>";
    const html = `<svg role="img"></svg>
      <div class="fields">
        ${slider("x", "<i>x</i>", 1, [-reach, reach])}
        ${steepness ? slider("steepness", steep, steepness, [0.1, 5], 0.01) : ""}
      </div>
      ${rows.join("")}`;

    let frame;
    const draw = (box, { x, steepness = 1, f0 = names[0], f1 }) => {
      const chosen = [f0, f1].filter(Boolean);
      const marks = chosen.map((name, i) => {
        const { f, slope } = functions[name];
        const [y, m] = [f(x, steepness), slope(x, steepness)];
        box.querySelectorAll("output")[i].innerHTML =
          `<span class="f${i}"><i>f</i>(<i>x</i>) = ${number(y)}</span>
          <span class="d${i}"><i>f</i>′(<i>x</i>) = ${number(m)}</span>`;
        return [x, y, m];
      });
      cancelAnimationFrame(frame);
      frame = requestAnimationFrame(() => paint(box.firstChild, chosen, steepness, marks));
    };

    const paint = (svg, chosen, steepness, marks) => {
      const [width, height] = [svg.clientWidth - left - 8, svg.clientHeight - 32];
      if (width < 1) return;
      const grid = Array.from({ length: 241 }, (_, i) => (reach * (i - 120)) / 120);
      const lines = chosen.flatMap((name, i) => {
        const { f, slope } = functions[name];
        return [
          [`f${i}`, (at) => f(at, steepness)],
          [`d${i}`, (at) => slope(at, steepness)],
        ];
      });
      const all = lines.flatMap(([, g]) => grid.map(g));
      const room = 0.06 * (Math.max(...all) - Math.min(...all));
      const [low, high] = [Math.min(...all) - room, Math.max(...all) + room];
      const right = (at) => Number((((at + reach) / (2 * reach)) * width).toFixed(1));
      const down = (y) => Number((((high - y) / (high - low)) * height).toFixed(1));
      const line = (kind, x1, y1, x2, y2) =>
        `<line class="${kind}" x1="${x1}" y1="${y1}" x2="${x2}" y2="${y2}"/>`;
      const circle = (kind, x, y, r) => `<circle class="${kind}" cx="${x}" cy="${y}" r="${r}"/>`;

      let [inside, text] = ["", ""];
      for (const x of ticks(-reach, reach, 8)) {
        inside += line(x ? "grid" : "axis", right(x), 0, right(x), height);
        text += `<text x="${left + right(x)}" y="${height + 24}">${minus(`${x}`)}</text>`;
      }
      for (const y of ticks(low, high, 6)) {
        inside += line(y ? "grid" : "axis", 0, down(y), width, down(y));
        text += `<text class="side" x="${left - 8}" y="${down(y) + 10}">${minus(`${y}`)}</text>`;
      }
      for (const [kind, g] of lines) {
        // The jump of ReLU's derivative is a gap.
        const gap = Math.abs(g(1e-9) - g(-1e-9)) > 0.5 ? 121 : 0;
        const points = grid.map((x, i) => `${i && i !== gap ? "L" : "M"}${right(x)} ${down(g(x))}`);
        inside += `<path class="${kind}" d="${points.join("")}"/>`;
      }
      marks.forEach(([x, y, m], i) => {
        // A point beyond the picture waits at its edge, hollow.
        const beyond = Math.abs(x) > reach;
        const [at, up] = [right(between(-reach, x, reach)), down(between(low, y, high))];
        const tilt = Math.atan2((m * height) / (high - low), width / (2 * reach));
        const [dx, dy] = [80 * Math.cos(tilt), 80 * Math.sin(tilt)];
        inside += i ? "" : line("guide", at, 0, at, height);
        inside += beyond ? "" : line(`tangent d${i}`, at - dx, up + dy, at + dx, up - dy);
        inside += circle(`d${i}`, at, down(between(low, m, high)), 4);
        inside += circle(`halo f${i}`, at, up, 16);
        inside += circle(`point f${i}${beyond ? " beyond" : ""}`, at, up, 7);
      });
      svg.setAttribute("aria-label", alone ? figure.querySelector("img").alt : chosen.join(" and "));
      svg.innerHTML = `${text}
        <svg x="${left}" y="6" width="${width}" height="${height}">${inside}</svg>`;
    };

    const [box, update] = (alone ? replace : attach)(figure, html, draw);
    box.classList.toggle("pair", !alone);
    const svg = box.firstChild;
    const field = box.querySelector("[name=x]");
    const follow = ({ clientX }) => {
      const share = (clientX - svg.getBoundingClientRect().x - left) / (svg.clientWidth - left - 8);
      field.value = (reach * (2 * between(0, share, 1) - 1)).toFixed(2);
      field.dispatchEvent(new Event("input", { bubbles: true }));
    };
    svg.addEventListener("pointerdown", (event) => {
      if (event.button) return;
      svg.setPointerCapture(event.pointerId);
      follow(event);
    });
    svg.addEventListener("pointermove", (event) => {
      if (svg.hasPointerCapture(event.pointerId)) follow(event);
    });
    new ResizeObserver(update).observe(svg);
  };

  const explorers = {
    "fig-sigmoid": (figure) => curves(figure, ["Sigmoid"]),
    "fig-tanh": (figure) => curves(figure, ["Tanh"]),
    "fig-relu": (figure) => curves(figure, ["ReLU"]),
    "fig-linear": (figure) => curves(figure, ["Linear"]),
    "fig-elliot": (figure) => curves(figure, ["Elliot"]),
    "fig-symmetric-elliot": (figure) => curves(figure, ["SymmetricElliot"]),
    "fig-softplus": (figure) => curves(figure, ["SoftPlus"]),
    "fig-softsign": (figure) => curves(figure, ["SoftSign"]),
  };
  for (const [id, explore] of Object.entries(explorers)) {
    const figure = document.getElementById(id);
    if (figure) explore(figure);
  }
}
