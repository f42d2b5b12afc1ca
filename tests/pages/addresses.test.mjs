// Strange addresses: paths, verbs, queries and values that no page of ours makes, at every address there is.
import assert from "node:assert/strict";
import { request } from "node:http";
import { after, before, test } from "node:test";
import { LANGS, stand } from "./stand.mjs";

let running;
before(async () => {
  running = await stand();
});
after(() => running?.stop());

const ID = "01990000-0000-7000-8000-000000000000";
const CODE = "200.12.14.1";
/** Every address of a page below a language. */
const PAGES = ["", "/services", `/services/${CODE}`, `/services/${CODE}/apply`, `/services/${CODE}/apply/${ID}/check`,
  `/services/${CODE}/apply/${ID}/person-name`, `/services/${CODE}/apply/${ID}/send`, "/account", `/account/drafts/${ID}/remove`, "/account/messages",
  `/account/messages/${ID}`, "/account/applications", `/account/applications/${ID}`, `/account/applications/${ID}/print`,
  `/account/applications/${ID}/deadline.ics`, `/account/applications/${ID}/evidence.json`, `/account/applications/${ID}/mend`, "/account/documents",
  "/account/consents", `/account/consents/${ID}`, `/account/consents/${ID}/withdraw`, `/account/consents/${ID}/record.json`, "/account/disclosures",
  "/account/profile", "/account/sessions", "/account/sign-out", "/enter", "/verify", "/developers", `/developers/${CODE}/openapi.json`, "/status", "/help",
  "/accessibility", "/view", "/sign-in", "/sign-in/card", "/sign-in/passkey", "/sign-in/second-factor", "/sign-out", "/signed-out", "/consent",
  "/identity/sessions", "/identity/sessions/end", "/identity/password", "/identity/two-step", "/identity/passkeys", "/register", "/register/sent",
  "/register/confirm", "/register/password", "/reset", "/reset/sent", "/reset/confirm", "/reset/password", "/stand/mail"];
/** Addresses outside the languages that people see. */
const OUTSIDE = ["/", "/callback", "/oidc/auth", "/oidc/session/end", "/oidc/resume", "/stand/mail"];
const NAMES = ["q", "category", "to", "code", "state", "flow", "token", "kind", "change", "lang", "client_id", "id"];

/** Sent as it is: `fetch` would mend the address first. */
function raw(method, path, headers = {}) {
  const { hostname, port } = new URL(running.base);
  return new Promise((resolve, reject) => {
    const asked = request({ hostname, port, method, path, headers: { "accept-language": "be", ...headers } }, (response) => {
      const parts = [];
      response.on("data", (part) => parts.push(part));
      response.on("end", () => resolve({ status: response.statusCode, headers: response.headers, text: Buffer.concat(parts).toString() }));
    });
    asked.on("error", reject);
    asked.end();
  });
}

/** A page of ours in the reader's language, a redirect that stays here, a file of ours, or the head alone. */
function clean(answer, lang, told, head = false) {
  const { status, headers, text } = answer;
  assert.ok(status < 500, `${told}: ${status} ${text.slice(0, 300)}`);
  if (status === 303) {
    assert.ok(new URL(headers.location, running.base).origin === running.base, `${told}: ${headers.location}`);
    return;
  }
  const type = headers["content-type"] ?? "";
  assert.ok(!type.startsWith("text/plain"), `${told}: ${status} ${text.slice(0, 300)}`);
  if (status >= 400 || type.startsWith("text/html")) {
    assert.match(type, /^text\/html/, `${told}: ${status} ${type} ${text.slice(0, 200)}`);
    if (!head) assert.match(text, new RegExp(`<html lang="${lang}"[^]*<h1`), `${told}: ${status}`);
  } else {
    assert.match(type, /^application\/json|^text\/calendar/, told);
  }
}

const STRANGE = ["%00", "%ff", "%c3%28", "..%2f..%2fetc%2fpasswd", "%0d%0aset-cookie:x=1", "'%20OR%201=1--", "%3Cscript%3E", "%F0%9F%98%80", "a".repeat(2_000),
  "-1", "%2e%2e", ";x=1", "%", "%zz"];

test("strange paths are told by pages", async () => {
  for (const [number, path] of PAGES.entries()) {
    const lang = LANGS[number % LANGS.length];
    for (const strange of STRANGE) {
      for (const at of [`/${lang}${path}/${strange}`, `/${lang}${path.replace(ID, strange).replace(CODE, strange)}`, `/${lang}${path}${strange}`]) {
        const answer = await raw("GET", at);
        // What is no address at all the listener refuses before there is a page; in JSON, as to every program.
        if (answer.status === 400 && answer.headers["content-type"] === "application/problem+json") continue;
        clean(answer, at.startsWith(`/${lang}/`) || at === `/${lang}` || at.startsWith(`/${lang}?`) ? lang : "be", `GET ${at}`);
      }
    }
  }
});

test("strange queries are told by pages", async () => {
  for (const path of [...PAGES.map((path) => `/be${path}`), ...OUTSIDE]) {
    for (const query of ["?", "?&&&", "?=", "?%", "?%ff=%fe", "?a=1&a=2", ...NAMES.flatMap((name) =>
      [`?${name}=1&${name}=2`, `?${name}[]=1`, `?${name}=%00%ff`, `?${name}=${"x".repeat(4_000)}`, `?${name}=//evil.example`])]) {
      clean(await raw("GET", path + query), "be", `GET ${path}${query.slice(0, 60)}`);
    }
  }
});

test("every verb is answered by a page or a status without a body", async () => {
  for (const path of PAGES) {
    for (const method of ["HEAD", "OPTIONS", "PUT", "DELETE", "PATCH", "POST", "TRACE", "PROPFIND"]) {
      for (const headers of [{}, { "sec-fetch-site": "same-origin", "content-type": "text/plain", "content-length": "0" }]) {
        const answer = await raw(method, `/ru${path}`, headers);
        if (method === "HEAD" || (answer.status === 200 && !answer.text)) {
          assert.ok(answer.status < 500, `${method} ${path}`);
        } else if (answer.headers["content-type"] !== "application/problem+json") {
          clean(answer, "ru", `${method} ${path}`);
        }
      }
    }
  }
});

test("an address that is too long is refused, and the next is answered", async () => {
  const answer = await raw("GET", `/be/services?q=${"x".repeat(200_000)}`);
  assert.ok([414, 431].includes(answer.status), `${answer.status}`);
  assert.equal((await raw("GET", "/be/services")).status, 200);
});

test("systems get their own errors, never a page", async () => {
  for (const [method, path] of [["POST", "/oidc/token"], ["GET", "/oidc/me"], ["POST", "/backchannel-logout"]]) {
    for (const query of ["", "?a=%ff", `?a=${"x".repeat(4_000)}`]) {
      const answer = await raw(method, path + query, { "content-length": "0" });
      assert.ok(answer.status >= 400 && answer.status < 500, `${path} ${answer.status}`);
      assert.ok(!/html|text\/plain/.test(answer.headers["content-type"] ?? ""), `${path}: ${answer.headers["content-type"]}`);
    }
  }
  for (const path of ["/ledger/tile/%ff", "/ledger/tile/x", "/ledger/tile/0/%00"]) {
    const answer = await raw("GET", path);
    assert.ok([400, 404].includes(answer.status), `${path} ${answer.status}`);
    assert.ok(!/Invalid URL/.test(answer.text), path);
  }
});
