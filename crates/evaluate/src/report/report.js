// The listings behind the points of the pictures: whoever points at one, or goes through them by the arrow keys,
// sees its cells, and where the row lies in all other pictures.
(() => {
  const data = JSON.parse(document.getElementById("rows").textContent);
  const tip = document.getElementById("tip");
  const { columns, texts, cells } = data.listings;
  const number = new Intl.NumberFormat("en", { maximumSignificantDigits: data.digits - 1 });
  const signed = new Intl.NumberFormat("en", { maximumSignificantDigits: 4, signDisplay: "exceptZero" });

  const element = (name, text, parent) => {
    const made = parent.appendChild(document.createElement(name));
    made.textContent = text;
    return made;
  };
  const line = (list, name, value) => {
    const box = element("div", "", list);
    element("dt", name, box);
    element("dd", value, box);
    return box;
  };

  const pictures = [...document.querySelectorAll("figure[data-frame]")].map((figure) => {
    const [left, top, width, height, x0, x1, y0, y1] = figure.dataset.frame.split(" ").map(Number);
    const model = Number(figure.dataset.model);
    const { name, predicted } = data.models[model];
    const up = (row) => data.actual[row] - (figure.dataset.up === "residual" ? predicted[row] : 0);
    const points = predicted.map((x, row) => [
      left + (width * (x - x0)) / (x1 - x0),
      top + height * (1 - (up(row) - y0) / (y1 - y0)),
    ]);
    const svg = figure.querySelector("svg");
    const mark = document.createElementNS("http://www.w3.org/2000/svg", "circle");
    mark.setAttribute("class", "mark");
    mark.setAttribute("r", "5");
    mark.setAttribute("visibility", "hidden");
    svg.append(mark);
    const order = [...points.keys()].sort((a, b) => points[a][0] - points[b][0]);
    return { figure, svg, mark, model, name, points, order, at: -1 };
  });

  const describe = (row, picture) => {
    tip.replaceChildren();
    element("p", `Row ${data.row_id[row]}`, tip);
    const scores = element("dl", "", tip);
    line(scores, "actual", number.format(data.actual[row]));
    data.models.forEach(({ name, predicted }, model) => {
      const error = predicted[row] - data.actual[row];
      const box = line(scores, name, `${number.format(predicted[row])} (${signed.format(error)})`);
      box.classList.toggle("here", model === picture.model);
    });
    const listing = element("dl", "", tip);
    columns.forEach((column, at) => line(listing, column, texts[cells[at][row]]));
  };

  const hide = () => {
    tip.hidden = true;
    pictures.forEach(({ mark }) => mark.setAttribute("visibility", "hidden"));
  };

  // Beside the point, on the side that has room; the style sheet takes over where the screen is narrow.
  const show = (row, picture) => {
    describe(row, picture);
    tip.hidden = false;
    for (const { mark, points } of pictures) {
      mark.setAttribute("cx", points[row][0]);
      mark.setAttribute("cy", points[row][1]);
      mark.setAttribute("visibility", points[row].every(Number.isFinite) ? "visible" : "hidden");
    }
    const point = picture.mark.getBoundingClientRect();
    const right = point.right + 12;
    const fits = right + tip.offsetWidth < innerWidth;
    tip.style.setProperty("--left", `${fits ? right : Math.max(0, point.left - 12 - tip.offsetWidth)}px`);
    tip.style.setProperty("--top", `${Math.max(8, Math.min(point.top, innerHeight - tip.offsetHeight - 8))}px`);
  };

  const nearest = (picture, event) => {
    const box = picture.svg.getBoundingClientRect();
    const scale = picture.svg.viewBox.baseVal.width / box.width;
    const [x, y] = [(event.clientX - box.left) * scale, (event.clientY - box.top) * scale];
    const reach = event.pointerType === "mouse" ? 10 : 24;
    let [best, distance] = [-1, reach * reach];
    picture.points.forEach(([px, py], row) => {
      const square = (px - x) ** 2 + (py - y) ** 2;
      if (square < distance) [best, distance] = [row, square];
    });
    return best;
  };

  const point = (picture) => (event) => {
    const row = nearest(picture, event);
    if (row === -1) return hide();
    picture.at = picture.order.indexOf(row);
    show(row, picture);
  };

  const steps = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, PageUp: 25, PageDown: -25 };
  const walk = (picture) => (event) => {
    if (event.key === "Escape") return hide();
    const last = picture.order.length - 1;
    const ends = { Home: 0, End: last };
    if (!(event.key in steps) && !(event.key in ends)) return;
    event.preventDefault();
    const next = event.key in ends ? ends[event.key] : picture.at + steps[event.key];
    picture.at = Math.max(0, Math.min(last, next));
    show(picture.order[picture.at], picture);
  };

  for (const picture of pictures) {
    const { figure, svg } = picture;
    figure.tabIndex = 0;
    figure.setAttribute("role", "group");
    figure.setAttribute("aria-label", `${svg.getAttribute("aria-label")}. Arrow keys go through the rows.`);
    figure.addEventListener("pointermove", point(picture));
    figure.addEventListener("pointerdown", point(picture));
    // A finger leaves when it is lifted, and its owner has yet to read.
    figure.addEventListener("pointerleave", (event) => event.pointerType === "mouse" && hide());
    figure.addEventListener("keydown", walk(picture));
    figure.addEventListener("blur", hide);
  }
  document.querySelectorAll(".pointing").forEach((hint) => {
    hint.hidden = false;
  });
})();
