// Makes the components livelier; every page works without it.
import {
  Accordion, Button, Checkboxes, ErrorSummary, FileUpload, NotificationBanner, PasswordInput, Radios,
  ServiceNavigation, SkipLink, Tabs, createAll,
} from "govuk-frontend";

// A module runs only where modules are known, which is what the package asks for.
document.body.classList.add("js-enabled", "govuk-frontend-supported");
for (const Component of [
  Accordion, Button, Checkboxes, ErrorSummary, FileUpload, NotificationBanner, PasswordInput, Radios,
  ServiceNavigation, SkipLink, Tabs,
]) {
  createAll(Component);
}

// A part of a form that hangs on a choice above it is there once the choice is made; what it hangs on may itself be hidden.
const parts = [...document.querySelectorAll("[data-when]")];
const reveal = () => {
  for (const part of parts) {
    const { when, in: values, except } = part.dataset;
    const chosen = [...document.getElementsByName(when)]
      .find((one) => !one.closest("[data-when][hidden]") && (one.type === "radio" ? one.checked : one.value));
    part.hidden = !chosen || values.split(" ").includes(chosen.value) === (except !== undefined);
  }
};
document.addEventListener("change", reveal);
// What a browser fills in when the reader goes back comes after the page itself.
window.addEventListener("pageshow", reveal);
reveal();

// A page that waits goes on when what it waits for has happened in another tab; nothing typed is taken away before.
const waiting = document.querySelector("[data-look]");
if (waiting) {
  setInterval(async () => {
    if (document.hidden) return;
    const answer = await fetch(location.href, { redirect: "manual" }).catch(() => null);
    if (answer?.type === "opaqueredirect") location.reload();
  }, waiting.dataset.look * 1000);
}
