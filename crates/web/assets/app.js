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

const bytes = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (sign) => sign.charCodeAt(0));
const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer)))
  .replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
const words = (list) => list.split(" ").filter(Boolean);

/** What the authenticator says to the question that the form holds. */
async function authenticate({ passkey, challenge, rp, rpName, known, algorithms, user, userName, userTitle }) {
  const credentials = words(known).map((id) => ({ type: "public-key", id: bytes(id) }));
  const publicKey = { challenge: bytes(challenge), timeout: 300_000 };
  if (passkey === "create") {
    return navigator.credentials.create({ publicKey: {
      ...publicKey, rp: { id: rp, name: rpName }, user: { id: bytes(user), name: userName, displayName: userTitle },
      pubKeyCredParams: words(algorithms).map((alg) => ({ type: "public-key", alg: Number(alg) })),
      authenticatorSelection: { residentKey: "required", requireResidentKey: true, userVerification: "required" },
      attestation: "none", excludeCredentials: credentials,
    } });
  }
  return navigator.credentials.get({ publicKey: { ...publicKey, rpId: rp, userVerification: "required", allowCredentials: credentials } });
}

if (window.PublicKeyCredential) {
  for (const box of document.querySelectorAll("[data-passkey-box]")) box.hidden = false;
  for (const box of document.querySelectorAll("[data-passkey-without]")) box.hidden = true;
  for (const form of document.querySelectorAll("form[data-passkey]")) {
    form.hidden = false;
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const failed = form.querySelector("[data-passkey-failed]");
      failed.hidden = true;
      try {
        const { rawId, response } = await authenticate(form.dataset);
        form.elements.id.value = text(rawId);
        form.elements.client.value = text(response.clientDataJSON);
        form.elements.data.value = text(response.getAuthenticatorData?.() ?? response.authenticatorData);
        form.elements.signature.value = response.signature ? text(response.signature) : "";
        form.submit();
      } catch {
        // Cancelled, too late, or there is none: the person is told, and may try again.
        failed.hidden = false;
      }
    });
  }
}

// A chosen file goes into a text field as base64: forms without JavaScript take the text.
for (const group of document.querySelectorAll("[data-file-into]")) {
  group.hidden = false;
  group.querySelector("input").addEventListener("change", async ({ target }) => {
    const [file] = target.files;
    if (file) document.getElementById(group.dataset.fileInto).value = btoa(String.fromCharCode(...new Uint8Array(await file.arrayBuffer())));
  });
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
