// Whoever must not: every endpoint's wrong caller, without a browser.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, before, test } from "node:test";
import { LANGS, PASSWORD, answers, entered, message, stand } from "./stand.mjs";
import { SERVICE, fields, somebody } from "./walk.mjs";

let running, me, other;

/** A browser's jar of cookies, and requests as a browser sends them. */
function client() {
  const jar = new Map();
  const ask = async (method, path, { body, headers = {}, own = method === "POST" } = {}) => {
    const response = await fetch(path.startsWith("http") ? path : running.base + path, {
      method, redirect: "manual",
      body: body === undefined || typeof body === "string" ? body : new URLSearchParams(body).toString(),
      headers: {
        ...(method === "POST" ? { "content-type": "application/x-www-form-urlencoded" } : {}),
        ...(own ? { origin: running.base, "sec-fetch-site": "same-origin" } : {}),
        cookie: [...jar].map(([name, value]) => `${name}=${value}`).join("; "),
        ...headers,
      },
    });
    for (const set of response.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(set);
      if (value) jar.set(name, value);
      else jar.delete(name);
    }
    const text = await response.text();
    return { status: response.status, text, headers: response.headers, to: response.headers.get("location") };
  };
  const get = (path, options) => ask("GET", path, options);
  const post = (path, body = {}, options = {}) => ask("POST", path, { body, ...options });
  /** Follows redirects to the page at their end. */
  const follow = async (path) => {
    let response = await get(path);
    for (let step = 0; response.to && step < 10; step += 1) response = await get(response.to);
    return response;
  };
  return { jar, ask, get, post, follow };
}

/** An account, signed in at UIS ILE and at the portal. */
async function account(address) {
  const who = client();
  await who.post("/en/register", { email: address, surname: "Naidzin", given_name: "Jan" });
  const { link } = await message(running, address);
  const page = await who.get(link);
  const token = /name="token" value="([^"]+)"/.exec(page.text)[1];
  assert.equal((await who.post("/en/register/confirm", { token })).status, 303);
  assert.equal((await who.post("/en/register/password", { password: PASSWORD })).status, 303);
  const office = await who.follow("/en/account");
  assert.equal(office.status, 200);
  who.address = address;
  return who;
}

/** A draft with all answers; its path. */
async function draft(who, given) {
  let { to } = await who.post(`/en/services/${SERVICE}/apply`);
  for (let step = 0; step < 20 && !to.endsWith("/check"); step += 1) {
    const page = await who.get(to);
    const next = await who.post(to, { ...fields(page.text, given), look: "1" });
    assert.equal(next.status, 303, `${to}: ${next.text.replace(/<[^>]*>/g, " ").slice(0, 2000)}`);
    to = next.to;
  }
  return to.replace(/\/check$/, "");
}

before(async () => {
  running = await stand();
  me = await account("me@example.com");
  other = await account("other@example.com");
  const who = somebody();
  entered(running, who);
  const path = await draft(me, answers(who));
  const sent = await me.post(`${path}/send`);
  assert.match(sent.to, /\/account\/applications\//);
  me.application = sent.to;
  const office = await me.get("/en/account/messages");
  me.message = /href="([^"]*\/account\/messages\/[^"]+)"/.exec(office.text)[1];
  me.draft = await draft(me, answers(somebody()));
});
after(() => running?.stop());

const ACCOUNT = ["", "/messages", "/applications", "/disclosures", "/profile"].map((part) => `/account${part}`);

test("without a session the private office leads to signing in, and back", async () => {
  for (const lang of LANGS) {
    for (const path of [...ACCOUNT, me.application.slice(3), `${me.application.slice(3)}/print`, `${me.application.slice(3)}/evidence.json`,
      `${me.application.slice(3)}/deadline.ics`, me.message.slice(3)]) {
      const answer = await client().get(`/${lang}${path}`);
      assert.equal(answer.status, 303, path);
      assert.equal(answer.to, `/${lang}/enter?to=${encodeURIComponent(`/${lang}${path}`)}`);
    }
  }
  for (const path of ["/identity/sessions", "/identity/password", "/identity/two-step"]) {
    assert.equal((await client().get(`/be${path}`)).to, "/be/sign-in");
  }
});

test("UIS ILE’s own page of signing out is reached", async () => {
  assert.equal((await client().get("/be/sign-out")).to, "/be/signed-out");
  const asked = await me.get("/be/sign-out");
  assert.equal(asked.status, 200);
  assert.match(asked.text, /<form[^>]*sign-out/);
});

test("what changes something asks for a session first", async () => {
  for (const path of [`${me.application}/mend`, `/en/account/drafts/${me.draft.split("/").pop()}/remove`, `${me.draft}/send`]) {
    const answer = await client().post(path);
    assert.equal(answer.status, 303, path);
    assert.match(answer.to, /^\/en\/enter\?to=/, path);
  }
  for (const path of ["/en/identity/sessions/end", "/en/identity/password", "/en/identity/two-step"]) {
    assert.equal((await client().post(path, { everywhere: "yes" })).to, "/en/sign-in", path);
  }
  assert.equal((await me.get(me.draft + "/check")).status, 200, "the draft is still there");
});

test("after signing in nobody lands on an address that only takes forms", async () => {
  for (const path of [`${me.application}/mend`, `/en/account/drafts/${me.draft.split("/").pop()}/remove`]) {
    const { to } = await client().post(path);
    const back = new URLSearchParams(to.split("?")[1]).get("to");
    assert.notEqual((await me.get(back)).status, 405, back);
  }
});

test("another account’s application, message and proof are not there", async () => {
  for (const path of [me.application, `${me.application}/print`, `${me.application}/evidence.json`, `${me.application}/deadline.ics`, me.message]) {
    const [mine, theirs] = [await me.get(path), await other.get(path)];
    assert.equal(mine.status, 200, path);
    assert.equal(theirs.status, 404, path);
    assert.match(theirs.text, /<h1[^>]*>Page not found/);
  }
  assert.equal((await other.post(`${me.application}/mend`)).status, 404);
  const random = `/en/account/applications/${crypto.randomUUID()}`;
  const [no, none] = [await other.get(me.application), await other.get(random)];
  const plain = (text) => text.replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/g, "");
  assert.equal(plain(no.text), plain(none.text), "another’s is told as one that does not exist");
});

test("another browser’s draft is told to be gone, and cannot be changed, sent or removed", async () => {
  for (const who of [client(), other]) {
    for (const page of ["check", "person"]) {
      const answer = await who.get(`${me.draft}/${page}`);
      assert.equal(answer.status, 410);
      assert.match(answer.text, /<h1[^>]*>This form is no longer kept/);
    }
    assert.equal((await who.post(`${me.draft}/person`, { "foreigner.surname_lat": "EVIL", "foreigner.given_names_lat": "EVE" })).status, 410);
  }
  assert.equal((await other.post(`${me.draft}/send`)).status, 410);
  await other.post(`/en/account/drafts/${me.draft.split("/").pop()}/remove`);
  const kept = await me.get(`${me.draft}/check`);
  assert.equal(kept.status, 200);
  assert.ok(!kept.text.includes("EVIL"));
});

const POSTS = () => [`/en/services/${SERVICE}/apply`, `${me.draft}/person`, `${me.draft}/send`, `${me.application}/mend`,
  `/en/account/drafts/${me.draft.split("/").pop()}/remove`, "/en/sign-out", "/en/verify", "/en/view", "/en/sign-in", "/en/register", "/en/reset",
  "/en/register/sent", "/en/register/confirm", "/en/register/password", "/en/consent", "/en/identity/sessions/end", "/en/identity/password",
  "/en/identity/two-step", "/en/sign-in/second-factor"];

test("forms are taken from our own pages only", async () => {
  const foreign = { "cross-site": { "sec-fetch-site": "cross-site", origin: "https://evil.example" }, "same-site": { "sec-fetch-site": "same-site" },
    "a foreign origin": { origin: "https://evil.example" }, "an opaque origin": { origin: "null" }, "a near origin": { origin: `${running.base}0` },
    "said twice": { "sec-fetch-site": "same-origin, cross-site" }, neither: {} };
  for (const path of POSTS()) {
    for (const [name, headers] of Object.entries(foreign)) {
      const answer = await me.post(path, {}, { own: false, headers });
      assert.equal(answer.status, 403, `${path}: ${name}`);
      assert.match(answer.text, /<h1[^>]*>The request did not come from our page/);
    }
  }
  assert.equal((await me.get("/en/account")).status, 200, "nobody was signed out");
});

const EVIL = ["https://evil.example/", "//evil.example/", "/\\evil.example", "/en//evil.example", "\\\\evil.example", "javascript:alert(1)",
  "/en/../../\\evil.example", "/\t/evil.example", "https:evil.example", " //evil.example", "/%09/evil.example", "@evil.example"];

test("no address of ours leads away", async () => {
  const here = (to) => new URL(to, `${running.base}/en/x`).origin === running.base;
  for (const evil of EVIL) {
    const to = encodeURIComponent(evil);
    assert.ok(here((await me.get(`/en/enter?to=${to}`)).to), `enter: ${evil}`);
    assert.ok(here((await me.post("/en/view", { back: evil, size: "larger" })).to), `view: ${evil}`);
    const flow = await client().post("/en/sign-in", { login: "me@example.com", password: PASSWORD, flow: evil });
    assert.ok(here(flow.to), `flow: ${evil}`);
    // Through the whole sign-in: where one comes out.
    const fresh = client();
    fresh.jar.set("nais_id", me.jar.get("nais_id"));
    let answer = await fresh.get(`/en/enter?to=${to}`);
    for (let step = 0; answer.to && step < 8; step += 1) {
      assert.ok(here(answer.to), `${evil}: ${answer.to}`);
      answer = await fresh.get(answer.to);
    }
    const out = await me.get(`/oidc/session/end?post_logout_redirect_uri=${to}&client_id=portal`);
    assert.equal(out.status, 400, `end: ${evil}`);
  }
});

test("what does not exist is told in the reader’s language", async () => {
  const heads = { en: "Page not found", be: "Старонка не знойдзена", ru: "Страница не найдена" };
  for (const lang of LANGS) {
    for (const path of ["/nothing", "/services/1.2.3", "/services/1.2.3/apply", "/account/applications/x", "/developers/1.2.3/openapi.json"]) {
      const answer = await me.get(`/${lang}${path}`);
      assert.equal(answer.status, 404, path);
      assert.match(answer.text, new RegExp(`<html lang="${lang}"[^]*<h1[^>]*>${heads[lang]}`), `${lang}${path}`);
      assert.equal(answer.headers.get("content-language"), lang);
    }
  }
});

test("what does not exist outside the languages is told by a page too", async () => {
  for (const path of ["/de/sign-in", "/de/services", "/nothing"]) {
    const answer = await client().get(path, { headers: { "accept-language": "be" } });
    assert.equal(answer.status, 404, path);
    assert.match(answer.headers.get("content-type"), /text\/html/, path);
    assert.match(answer.text, /<html lang="be"/, path);
  }
});

test("an address that cannot be read is told by a page", async () => {
  for (const path of ["/be/services/%ff", "/be/services?q=a&q=b", "/be/enter?to=a&to=b", "/callback?code=a&code=b"]) {
    const answer = await client().get(path, { headers: { "accept-language": "be" } });
    assert.match(answer.text, /<html lang="be"[^]*<h1/, path);
  }
});

test("a form that is too long or broken is refused with a page", async () => {
  const head = (answer) => /<h1[^>]*>([^<]*)/.exec(answer.text)?.[1];
  // These take no fields, and need not read any.
  const bare = new RegExp(`${SERVICE}/apply$|(send|mend|remove|sign-out)$`);
  for (const path of POSTS().filter((path) => !bare.test(path))) {
    const long = await me.post(path, `a=${"x".repeat(70_000)}`);
    assert.equal(long.status, 413, path);
    assert.equal(head(long), "The form is too large", path);
    const other = await me.post(path, "{}", { headers: { "content-type": "application/json" } });
    assert.ok([400, 415].includes(other.status), `${path}: ${other.status}`);
    assert.equal(head(other), "We could not read the form", path);
  }
  // What is wrong takes the place of what was there: a draft of its own.
  const broken = await draft(me, answers(somebody()));
  for (const body of ["%", "%00", "=&=&&", "%ff%fe=%c3%28", "a".repeat(1000), "foreigner.surname_lat=%00&foreigner.given_names_lat=%ff", "&".repeat(60_000)]) {
    for (const path of [`${me.draft}/person`, "/en/register", "/en/sign-in", "/en/verify"]) {
      const answer = await client().post(path, body);
      assert.ok(answer.status < 500 && answer.status >= 400, `${path} ${answer.status}`);
      assert.match(answer.text, /<html lang="en"/);
    }
    assert.equal((await me.post(`${broken}/person`, body)).status, 422, body.slice(0, 60));
  }
});

test("the wrong verb is 405", async () => {
  for (const path of [`${me.draft}/send`, `${me.application}/mend`, `/en/account/drafts/${me.draft.split("/").pop()}/remove`, "/en/view",
    "/en/identity/sessions/end", "/oidc/token", "/backchannel-logout"]) {
    const answer = await me.get(path);
    assert.equal(answer.status, 405, path);
    assert.equal(answer.headers.get("allow"), "POST", path);
  }
  for (const path of ["/en/services", "/en/help", "/en/account", me.application]) {
    assert.equal((await me.post(path)).status, 405, path);
  }
});

test("GET of signing out at the portal is no link that works", async () => {
  await me.get("/en/sign-out");
  assert.equal((await me.get("/en/account")).status, 200);
});

test("a wrong verb is told by a page", async () => {
  for (const path of [`${me.draft}/send`, "/en/view", "/en/identity/sessions/end"]) {
    assert.match((await me.get(path)).text, /<h1/, path);
  }
});

test("every page has the header fields that keep people safe", async () => {
  const paths = ["/en/services", `/en/services/${SERVICE}`, `${me.draft}/check`, `${me.draft}/person`, me.application,
    `${me.application}/print`, me.message, ...ACCOUNT.map((path) => `/en${path}`), "/en/identity/sessions", "/en/identity/password", "/en/identity/two-step",
    "/en/sign-in", "/en/register", "/en/reset", "/en/verify", "/en/developers", "/en/status", "/en/help", "/en/accessibility", "/en/nothing",
    "/callback", "/en/stand/mail", "/oidc/auth", "/en/signed-out", `/en/services/${SERVICE}/apply/${crypto.randomUUID()}/check`];
  for (const path of paths) {
    const { headers, text, status } = await me.get(path);
    const policy = headers.get("content-security-policy") ?? "";
    assert.match(policy, /default-src 'none'/, `${path} ${status}`);
    assert.match(policy, /frame-ancestors 'none'/, path);
    assert.match(policy, /base-uri 'none'/, path);
    assert.ok(!/unsafe|\*|http:\/\/(?!localhost)/.test(policy), `${path}: ${policy}`);
    assert.equal(headers.get("x-content-type-options"), "nosniff", path);
    assert.equal(headers.get("referrer-policy"), "same-origin", path);
    assert.equal(headers.get("cache-control"), "no-store", path);
    assert.equal(headers.get("cross-origin-opener-policy"), "same-origin", path);
    assert.ok(headers.get("nais-request-id"), path);
    assert.ok(!headers.get("server") && !headers.get("x-powered-by"), path);
    // No style stands inside but that of the top, which the policy names.
    const styles = [...text.matchAll(/<style>([^<]*)<\/style>/g)].map(([, style]) => createHash("sha256").update(style).digest("base64"));
    assert.ok(styles.length <= 1 && styles.every((digest) => policy.includes(`'sha256-${digest}'`)), `${path}: its own style`);
    assert.ok(!/<script(?![^>]* src=)|<style(?!>)|\son[a-z]+=| style=/.test(text), `${path}: something stands inside the page`);
  }
  for (const path of ["evidence.json", "deadline.ics"]) {
    const { headers } = await me.get(`${me.application}/${path}`);
    assert.equal(headers.get("cache-control"), "no-store");
    assert.equal(headers.get("x-content-type-options"), "nosniff");
    assert.match(headers.get("content-disposition"), /^attachment/);
  }
});

test("cookies are for this site’s own requests, and for no script", async () => {
  const who = client();
  const set = [];
  const note = (answer) => set.push(...answer.headers.getSetCookie());
  note(await who.post(`/en/services/${SERVICE}/apply`));
  note(await who.get("/en/enter?to=/en/account"));
  note(await who.post("/en/register", { email: "cookie@example.com", surname: "A", given_name: "B" }));
  note(await who.post("/en/view", { size: "larger" }));
  note(await who.post("/en/sign-in", { login: "other@example.com", password: PASSWORD }));
  let answer = await who.get("/en/enter?to=/en/account");
  for (let step = 0; answer.to && step < 6; step += 1) {
    answer = await who.get(answer.to);
    note(answer);
  }
  const names = new Set(set.map((one) => one.split("=")[0]));
  for (const name of ["nais_session", "nais_draft", "nais_id", "nais_id_mail", "nais_away", "nais_view"]) assert.ok(names.has(name), name);
  for (const one of set) {
    assert.match(one, /; HttpOnly/, one);
    assert.match(one, /; SameSite=(Lax|Strict)/, one);
    assert.ok(!/Domain=/i.test(one), one);
  }
});

test("signing in, signing up and a new password tell nobody which addresses are known", async () => {
  // A challenge for passkeys is another each time.
  const plain = (answer, address) => answer.text.replaceAll(address, "ADDRESS").replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/g, "")
    .replaceAll(/(data-challenge|name="sealed" value)="[^"]+"/g, "");
  const [known, unknown] = ["me@example.com", "no@example.com"];
  const both = async (ask) => [plain(await ask(known), known), plain(await ask(unknown), unknown)];
  const [yes, no] = await both((login) => client().post("/en/sign-in", { login, password: "wrong-password-of-length" }));
  assert.equal(yes, no);
  for (const path of ["/en/register", "/en/reset"]) {
    const [here, there] = await both(async (email) => {
      const who = client();
      const asked = await who.post(path, { email, surname: "A", given_name: "B" });
      assert.equal(asked.status, 303);
      assert.equal(asked.to, `${path}/sent`);
      return who.get(asked.to);
    });
    assert.equal(here, there, path);
  }
  assert.match((await message(running, unknown)).text, /register/, "the message tells");
});

test("whatever opens every link of a message twice spends nothing", async () => {
  const address = "scanned@example.com";
  const who = client();
  for (const path of ["/en/register", "/en/reset"]) {
    await who.post(path, { email: address, surname: "Naidzin", given_name: "Jan" });
    const { text, link, code } = await message(running, address);
    const links = [...text.slice(0, text.indexOf("</article>")).matchAll(/href="([^"]+)"/g)].map(([, href]) => href.replaceAll("&amp;", "&"));
    assert.ok(links.includes(link));
    for (const scanner of [client(), client()]) {
      for (const href of links) {
        for (const method of ["GET", "HEAD", "GET"]) assert.equal((await scanner.ask(method, href)).status, 200);
      }
    }
    assert.equal((await who.get(`${path}/sent`)).status, 200, "the page still waits");
    if (path === "/en/register") {
      assert.equal((await who.post(`${path}/sent`, { code: `${code.slice(0, 3)} ${code.slice(3)}` })).to, `${path}/password`);
    } else {
      assert.equal((await who.post(`${path}/confirm`, { token: new URL(link).searchParams.get("token") })).to, `${path}/password`);
    }
    assert.equal((await who.post(`${path}/password`, { password: PASSWORD })).status, 303);
    // Spent now: again is told, and does nothing.
    const again = await client().get(link);
    assert.equal(again.status, 410);
    assert.equal((await client().post(`${path}/confirm`, { token: new URL(link).searchParams.get("token") })).status, 410);
  }
});

test("a newer message supersedes the older; five wrong codes close the way of codes", async () => {
  const address = "twice@example.com";
  const who = client();
  await who.post("/en/register", { email: address, surname: "A", given_name: "B" });
  const first = await message(running, address);
  await who.post("/en/register", { email: address, surname: "A", given_name: "B" });
  const second = await message(running, address);
  assert.notEqual(first.link, second.link);
  assert.equal((await client().get(first.link)).status, 410);
  const wrong = second.code === "000000" ? "000001" : "000000";
  for (let tried = 0; tried < 5; tried += 1) assert.equal((await who.post("/en/register/sent", { code: wrong })).status, 422);
  assert.notEqual((await who.post("/en/register/sent", { code: second.code })).status, 303);
  assert.equal((await client().get(second.link)).status, 200, "the link is left");
});

test("passwords are tried ten times at most, then one waits", async () => {
  const tried = client();
  let last;
  for (let count = 0; count < 11; count += 1) last = await tried.post("/en/sign-in", { login: "nobody@example.com", password: "wrong-password-of-length" });
  assert.equal(last.status, 429);
  assert.ok(Number(last.headers.get("retry-after")) > 0);
});
