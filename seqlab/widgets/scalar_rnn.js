import { mount, redraw, report, slider } from "./shared.js";

function render({ model, el }) {
  const { root, leave } = mount({ model, el }, "ScalarRNN");
  const { element, say } = report();
  root.append(slider(model, "w_h", { label: "<var>W<sub>h</sub></var>", name: "recurrent weight", min: -3, max: 3 }), element);
  const stop = redraw(model, ["w_h"], () => say(`w_h is ${model.get("w_h")}`));
  return () => { stop(); leave(); };
}

export default { render };
