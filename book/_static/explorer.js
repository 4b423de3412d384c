// The explorers: figures that a reader moves. Each takes the place of a static figure, or stands
// after one. In print and without JavaScript the page has the static figures alone.
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

  // `reach` is how far the static figure goes on either side of 0. The point starts at 1, or where
  // `start` says: in sight beside the derivative's.
  const functions = {
    Sigmoid: { f: logistic, slope: bell, reach: 8 },
    Tanh: { f: Math.tanh, slope: (x) => 4 * bell(2 * x), reach: 5 },
    ReLU: { f: (x) => Math.max(x, 0), slope: (x) => (x > 0 ? 1 : 0), reach: 4, start: 2 },
    Linear: { f: (x) => x, slope: () => 1, reach: 4, start: 2 },
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

  // To so many digits, the largest and the smallest numbers in powers of ten.
  const rounded = (value, digits) =>
    value && Math.abs(value) < 1e-3 ? value.toExponential(digits - 1) : value.toPrecision(digits);
  // Six digits, with zeros at the end only where more digits follow.
  const six = (value) => {
    const text = rounded(value, 6);
    return Number(text) === value ? `${value}` : text;
  };
  // <data> holds all the digits, whatever the text shows.
  const number = (value, text) => {
    const [digits, power] = text.split("e");
    const ten = power ? ` × 10<sup>${minus(power.replace("+", ""))}</sup>` : "";
    return `<data value="${value}">${minus(digits)}${ten}</data>`;
  };

  const slider = (name, label, value, [low, high], limits = 'step="any"', step = 0.1) =>
    `<label><span>${label}</span>
      <input type="range" min="${low}" max="${high}" step="${step}" value="${value}"></label>
    <input type="number" aria-label="${name}" name="${name}" ${limits} value="${value}">`;

  const least = 'step="any" min="0.01"';

  // Put an explorer after an element, and have `draw` called with what its fields hold.
  const attach = (place, html, draw) => {
    const box = document.createElement("div");
    box.className = "explorer";
    box.role = "group";
    box.ariaLabel = "Interactive figure";
    box.innerHTML = html;
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
    place.after(box);
    return box;
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
    const { reach, start = 1, steepness } = functions[names[0]];
    const options = (name) =>
      Object.keys(functions)
        .map((key) => `<option${key === name ? " selected" : ""}>${key}</option>`)
        .join("");
    const rows = names.map((name, i) => {
      const label = `aria-label="function ${i + 1}"`;
      const choice = `<select name="f${i}" ${label}>${options(name)}</select>`;
      return `<div class="values">${alone ? "" : choice}<output aria-live="polite"></output></div>`;
    });
    const steep = "<span class='wide'>steepness</span> <i>s</i>";
    const html = `${alone ? "" : "<p>Choose two, and drag the points.</p>"}
      <svg role="img"></svg>
      <div class="fields">
        ${slider("x", "<i>x</i>", start, [-reach, reach])}
        ${steepness ? slider("steepness", steep, steepness, [0.1, 5], least) : ""}
      </div>
      ${rows.join("")}`;

    let frame, picture;
    const repaint = () => {
      cancelAnimationFrame(frame);
      frame = requestAnimationFrame(picture);
    };
    const draw = (box, { x, steepness = 1, f0 = names[0], f1 }) => {
      const chosen = [f0, f1].filter(Boolean);
      const marks = chosen.map((name, i) => {
        const { f, slope } = functions[name];
        const [y, m] = [f(x, steepness), slope(x, steepness)];
        box.querySelectorAll("output")[i].innerHTML =
          `<span class="f${i}"><i>f</i>(<i>x</i>) = ${number(y, six(y))}</span>
          <span class="d${i}"><i>f</i>&hairsp;′(<i>x</i>) = ${number(m, six(m))}</span>`;
        return [x, y, m];
      });
      const svg = box.querySelector("svg");
      svg.ariaLabel = alone ? figure.querySelector("img").alt : chosen.join(" and ");
      picture = () => paint(svg, chosen, steepness, marks);
      repaint();
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

      let [under, inside, points, text] = ["", "", "", ""];
      for (const x of ticks(-reach, reach, 8)) {
        under += line(x ? "grid" : "axis", right(x), 0, right(x), height);
        text += `<text x="${left + right(x)}" y="${height + 24}">${minus(`${x}`)}</text>`;
      }
      for (const y of ticks(low, high, 6)) {
        under += line(y ? "grid" : "axis", 0, down(y), width, down(y));
        text += `<text class="side" x="${left - 8}" y="${down(y) + 10}">${minus(`${y}`)}</text>`;
      }
      for (const [kind, g] of lines) {
        // Where the curve jumps, as a derivative does at a kink, is a gap.
        const jumps = (x) => Math.abs(g(x + 1e-9) - g(x - 1e-9)) > 0.01;
        const steps = grid.map(
          (x, i) => `${i && !jumps(grid[i - 1]) ? "L" : "M"}${right(x)} ${down(g(x))}`,
        );
        inside += `<path class="${kind}" d="${steps.join("")}"/>`;
      }
      marks.forEach(([x, y, m], i) => {
        // A point beyond the picture waits at its edge, hollow.
        const beyond = Math.abs(x) > reach;
        const [at, up] = [right(between(-reach, x, reach)), down(between(low, y, high))];
        const tilt = Math.atan2((m * height) / (high - low), width / (2 * reach));
        const [dx, dy] = [80 * Math.cos(tilt), 80 * Math.sin(tilt)];
        inside += i ? "" : line("guide", at, 0, at, height);
        under += beyond ? "" : line(`tangent d${i}`, at - dx, up + dy, at + dx, up - dy);
        points += circle(`d${i}`, at, down(between(low, m, high)), 4);
        points += circle(`halo f${i}`, at, up, 16);
        points += circle(`point f${i}${beyond ? " beyond" : ""}`, at, up, 7);
      });
      svg.innerHTML = `${text}
        <svg x="${left}" y="6" width="${width}" height="${height}">${under}${inside}</svg>
        <g transform="translate(${left} 6)">${points}</g>`;
    };

    const box = (alone ? replace : attach)(figure, html, draw);
    box.classList.toggle("pair", !alone);
    const svg = box.querySelector("svg");
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
    new ResizeObserver(repaint).observe(svg);
  };

  const sum = (numbers) => numbers.reduce((total, value) => total + value, 0);
  const bar = '<td class="share"><span class="bar"></span><span></span></td>';

  // Draw a row's bar and write its number.
  const fill = (row, share, text) => {
    row.querySelector(".bar").style.width = `${100 * share}%`;
    row.querySelector(".bar + span").innerHTML = text;
  };

  // Three logits and a temperature: the probabilities, and how each moves with each logit.
  const softmax = (figure) => {
    const x = [1, 2, 3].map((i) => `<i>x</i><sub>${i}</sub>`);
    const rows = x.map((_, i) => {
      const name = `<th scope="row"><i>p</i><sub>${i + 1}</sub></th>`;
      return `<tr>${name}${bar}${"<td></td>".repeat(3)}</tr>`;
    });
    const html = `<div class="fields">
        ${[2, 1, -1].map((value, i) => slider(`x${i + 1}`, x[i], value, [-5, 5])).join("")}
        ${slider("T", "<span class='wide'>temperature</span> <i>T</i>", 1, [0.1, 5], least)}
      </div>
      <table>
        <thead><tr><td></td><th scope="col">share</th>
          ${x.map((logit) => `<th scope="col">∂/∂${logit}</th>`).join("")}</tr></thead>
        <tbody>${rows.join("")}</tbody>
      </table>
      <output class="heard" aria-live="polite"></output>`;

    replace(figure, html, (box, { x1, x2, x3, T }) => {
      const top = Math.max(x1, x2, x3);
      const z = [x1, x2, x3].map((logit) => Math.exp((logit - top) / T));
      const p = z.map((part) => part / sum(z));
      box.querySelectorAll("tbody tr").forEach((row, i) => {
        fill(row, p[i], number(p[i], p[i].toFixed(3)));
        row.querySelectorAll(".share ~ td").forEach((cell, j) => {
          // p (1 - p) cancels where p is near 1, the product with the rest does not.
          const others = sum(p.filter((_, k) => k !== i));
          const slope = (p[i] * (i === j ? others : -p[j])) / T;
          cell.className = slope < 0 ? "minus" : "plus";
          cell.style.setProperty("--heat", `${between(0, 160 * Math.abs(slope), 40)}%`);
          cell.innerHTML = number(slope, slope.toFixed(3));
        });
      });
      box.querySelector("output").textContent = p.map((share) => share.toFixed(3)).join(", ");
    });
  };

  // Fields, and a bar and a number for each row. `values` computes the numbers from the fields,
  // `share` says how long a number's bar is, from 0 to 1.
  const bars = (figure, { intro, fields, rows, values, share }) => {
    const lines = rows.map((name) => `<tr><th scope="row">${name}</th>${bar}</tr>`);
    const html = `<p>${intro}</p>
      <div class="fields">${fields.join("")}</div>
      <table><tbody>${lines.join("")}</tbody></table>
      <output class="heard" aria-live="polite"></output>`;

    attach(figure, html, (box, entries) => {
      const numbers = values(entries);
      const texts = numbers.map((value) => rounded(value, 3));
      box.querySelectorAll("tr").forEach((row, i) => {
        fill(row, between(0, share(numbers[i]), 1), number(numbers[i], texts[i]));
      });
      box.querySelector("output").textContent = rows.map((name, i) => `${name} ${texts[i]}`).join(", ");
    });
  };

  // The root of the mean of g(width z)^2 for a standard normal z. The points z = 10 u^3 lie dense
  // near 0, where the functions bend.
  const steps = Array.from({ length: 400 }, (_, i) => (2 * i) / 399 - 1);
  const inputs = steps.map((u) => 10 * u ** 3);
  const weights = steps.map((u) => u * u * Math.exp(-50 * u ** 6));
  const area = sum(weights);
  const size = (g, width) => {
    let total = 0;
    for (let i = 0; i < inputs.length; i += 1) total += weights[i] * g(width * inputs[i], 1) ** 2;
    return Math.sqrt(total / area);
  };

  // What is left of a gradient after L layers of variance v, by the integrals of the chapter.
  const depth = (figure) => {
    const left = ({ f, slope }, layers, scale) => {
      let [product, signal] = [1, scale];
      for (let i = 0; i < layers; i += 1) {
        product *= scale * size(slope, signal);
        signal = scale * size(f, signal);
      }
      return product;
    };
    bars(figure, {
      intro: `This much of a gradient is left, as the integrals say. A bar of two thirds is a
        gradient that has kept its size, and each factor of ten is the same length.`,
      fields: [
        slider("L", "<span class='wide'>layers</span> <i>L</i>", 20, [1, 50], 'min="1" max="50"', 1),
        slider("v", "<span class='wide'>variance</span> <i>nv</i>", 1, [0.1, 4], `${least} max="1000"`),
      ],
      rows: Object.keys(functions),
      values: ({ L, v }) => Object.values(functions).map((g) => left(g, L, Math.sqrt(v))),
      share: (product) => (34 + Math.log10(product)) / 51,
    });
  };

  // What a layer of variance v multiplies a gradient by, once a signal has settled.
  const settling = (figure) =>
    bars(figure, {
      intro: `A layer multiplies a gradient by this much, once the signal has gone through 50 layers.
        Half a bar is 1: the gradient keeps its size.`,
      fields: [slider("v", "variance <i>nv</i>", 1, [0.1, 120], `${least} max="1000"`)],
      rows: Object.keys(functions),
      values: ({ v }) =>
        Object.values(functions).map(({ f, slope }) => {
          let signal = 1;
          for (let i = 0; i < 50; i += 1) signal = Math.sqrt(v) * size(f, signal);
          return Math.sqrt(v) * size(slope, signal);
        }),
      share: (factor) => factor / 2,
    });

  // The chance that a standard normal number lies beyond x, to 12 digits.
  const beyond = (x) => {
    if (x < 0) return 1 - beyond(-x);
    const height = Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI);
    let part = 0;
    if (x < 2) {
      for (let k = 51; k > 1; k -= 2) part = ((x * x) / k) * (1 + part);
      return 0.5 - height * x * (1 + part);
    }
    for (let k = 80; k; k -= 1) part = k / (x + part);
    return height / (x + part);
  };

  // What n seeds say of two functions whose difference is d of its standard deviations.
  const seeds = (figure) =>
    bars(figure, {
      intro: `Two functions differ by <i>d</i> standard deviations of their difference. The chance
        that <i>n</i> seeds tell them apart, and that the wrong one is ahead:`,
      fields: [
        slider("d", "difference <i>d</i>", 0.8, [0, 3], 'step="any" min="0" max="9"', 0.05),
        slider("n", "seeds <i>n</i>", 10, [1, 50], 'min="1" max="999"', 1),
      ],
      rows: ["told apart", "wrong one ahead"],
      values: ({ d, n }) => {
        const [ahead, line] = [d * Math.sqrt(n), 1.959963984540054];
        return [beyond(line - ahead) + beyond(line + ahead), beyond(ahead)];
      },
      share: (chance) => chance,
    });

  // The mean slope at sums that are normal about b with standard deviation s. Each side of 0 has
  // points of its own, since slopes may jump there.
  const sides = Array.from({ length: 751 }, (_, i) => i / 100 - 3.5).flatMap((t) => {
    const x = Math.exp(t - Math.exp(-t));
    const width = (0.01 * x * (1 + Math.exp(-t))) / Math.sqrt(2 * Math.PI);
    return [x, -x].map((sum) => [sum, width]);
  });
  const dying = (figure) => {
    const mean = (slope, b, s) =>
      sum(sides.map(([x, width]) => (width / s) * Math.exp(-(((x - b) / s) ** 2) / 2) * slope(x, 1)));
    bars(figure, {
      intro: `The mean slope of a unit whose sum varies by <i>σ</i> about its bias <i>b</i>. For ReLU
        it is the share of the inputs for which the unit is on. Each factor of ten is the same length.`,
      fields: [
        slider("b", "bias <i>b</i>", -4, [-10, 2], 'step="any" min="-20" max="20"'),
        slider("s", "spread <i>σ</i>", 0.5, [0.3, 2], 'step="any" min="0.3" max="4"'),
      ],
      rows: Object.keys(functions),
      values: ({ b, s }) => Object.values(functions).map(({ slope }) => mean(slope, b, s)),
      share: (slope) => 1 + Math.log10(slope) / 10,
    });
  };

  // What is left of a gradient after n layers that pass r each: the products of the chapter.
  const shortcuts = (figure) =>
    bars(figure, {
      intro: `This much of a gradient is left after <i>n</i> layers, if each passes <i>r</i>.`,
      fields: [
        slider("n", "layers <i>n</i>", 9, [1, 50], 'min="1" max="50"', 1),
        slider("r", "<i>r</i>", 0.24, [0.01, 2], least, 0.01),
      ],
      rows: ["plain", "shortcuts", "shortcuts, pre-norm"],
      values: ({ n, r }) => {
        let square = 1;
        for (let l = 1; l <= n; l += 1) square *= 1 + (r * r) / l;
        return [r ** n, (1 + r * r) ** (n / 2), Math.sqrt(square)];
      },
      share: (left) => 0.5 + Math.log10(left) / 40,
    });

  const explorers = {
    "fig-sigmoid": (figure) => curves(figure, ["Sigmoid"]),
    "fig-tanh": (figure) => curves(figure, ["Tanh"]),
    "fig-relu": (figure) => curves(figure, ["ReLU"]),
    "fig-linear": (figure) => curves(figure, ["Linear"]),
    "fig-softmax-jacobian": softmax,
    "fig-elliot": (figure) => curves(figure, ["Elliot"]),
    "fig-symmetric-elliot": (figure) => curves(figure, ["SymmetricElliot"]),
    "fig-softplus": (figure) => curves(figure, ["SoftPlus"]),
    "fig-softsign": (figure) => curves(figure, ["SoftSign"]),
    "fig-curves": (figure) => curves(figure, ["Tanh", "SoftSign"]),
    "fig-depth": depth,
    "fig-initialisation": settling,
    "fig-shortcuts": shortcuts,
    "fig-dead-units": dying,
    "fig-fastest": seeds,
  };
  for (const [id, explore] of Object.entries(explorers)) {
    const figure = document.getElementById(id);
    if (figure) explore(figure);
  }
}
