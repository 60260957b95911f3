import { fill, h } from "./dom.js";
import { themeButton } from "./theme.js";

document.getElementById("tools").append(themeButton());
fill(document.getElementById("main"), h("h1", {}, "OrderShop"), h("p", {}, "The dashboard is about to come."));
