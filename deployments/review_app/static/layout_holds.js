// Rules for cell contents: of a zone, of a whole grid, or of one of its columns or rows.

import { AXES, HOLDS, skip } from "./layout_model.js";

const $ = (id) => document.getElementById(id);
const MARKS = ["blank", "dash", "ditto", "word"];
const FIELDS = ["fewest", "most", "decimals", "decimal-mark", "date-order", "sign", "least-value", "most-value", ...MARKS.map((mark) => `mark-${mark}`)];

export function holdsPanel(draft) {
  let scope = { part: null, axis: "", at: 0 }; // without axis: the whole box

  function place() {
    const { part } = draft;
    if (!scope.axis) return { rule: part.holds, inherited: {} };
    const rules = part[AXES[scope.axis].rules] ?? {};
    return { rule: rules[part[scope.axis].names[scope.at]], inherited: part.holds ?? {} };
  }

  function show() {
    const { part } = draft;
    if (!part) return;
    if (part !== scope.part && part.name !== scope.part?.name) scope = { axis: "", at: 0 };
    scope.part = part;
    if (part.box || scope.at >= (part[scope.axis]?.names.length ?? 1)) Object.assign(scope, { axis: "", at: 0 });
    $("scope-field").hidden = Boolean(part.box);
    if (!part.box) showScopes(part);
    const { rule, inherited } = place();
    const holds = { ...HOLDS, ...(rule ?? inherited) };
    [$("fewest").value, $("most").value] = [holds.digits].flat().length === 2 ? holds.digits : [holds.digits, holds.digits].flat();
    $("decimals").value = holds.decimals ?? "";
    $("decimal-mark").value = holds.decimal_mark ?? "";
    $("date-order").value = holds.date_order ?? "";
    $("sign").checked = holds.sign;
    $("least-value").value = holds.least ?? "";
    $("most-value").value = holds.most ?? "";
    for (const mark of MARKS) $(`mark-${mark}`).checked = holds.marks.includes(mark);
    $("no-rule").hidden = !scope.axis || !rule;
    $("skip-field").hidden = !scope.axis;
    $("skip").checked = Boolean(scope.axis) && Boolean(part[AXES[scope.axis].skips]?.includes(part[scope.axis].names[scope.at]));
  }

  function showScopes(grid) {
    const options = [new Option("the whole grid", "")];
    for (const axis of ["columns", "rows"]) grid[axis].names.forEach((name, at) => {
      const own = grid[AXES[axis].rules]?.[name] ? " (own rule)" : "";
      options.push(new Option(`${AXES[axis].one} ${name}${own}`, `${axis} ${at}`));
    });
    $("scope").replaceChildren(...options);
    $("scope").value = scope.axis ? `${scope.axis} ${scope.at}` : "";
  }

  function taken() {
    const number = (id) => ($(id).value === "" ? null : Number($(id).value));
    const low = Math.min(32, Math.max(1, number("fewest") ?? 1));
    const { rule, inherited } = place();
    return {
      kinds: (rule ?? inherited).kinds ?? [],
      decimal_mark: $("decimal-mark").value || null,
      date_order: $("date-order").value || null,
      digits: [low, Math.min(32, Math.max(low, number("most") ?? low))],
      decimals: number("decimals"),
      sign: $("sign").checked,
      least: number("least-value"),
      most: number("most-value"),
      marks: MARKS.filter((mark) => $(`mark-${mark}`).checked),
    };
  }

  function take() {
    const { part } = draft;
    if (!part) return;
    const holds = taken();
    draft.change(() => {
      if (!scope.axis) { part.holds = holds; return; }
      const { rules } = AXES[scope.axis];
      part[rules] = { ...part[rules], [part[scope.axis].names[scope.at]]: holds };
    });
  }

  for (const id of FIELDS) $(id).addEventListener("change", take);
  $("scope").addEventListener("change", () => {
    const [axis, at] = $("scope").value.split(" ");
    Object.assign(scope, { axis, at: Number(at ?? 0) });
    show();
  });
  $("skip").addEventListener("change", () => {
    const { part } = draft;
    draft.change(() => skip(part, scope.axis, part[scope.axis].names[scope.at], $("skip").checked));
  });
  $("no-rule").addEventListener("click", () => {
    const { part } = draft;
    draft.change(() => { delete part[AXES[scope.axis].rules][part[scope.axis].names[scope.at]]; });
  });
  for (const event of ["change", "begin"]) draft.addEventListener(event, show);
}
