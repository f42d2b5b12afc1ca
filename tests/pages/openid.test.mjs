// UIS ILE as a system outside NAIS meets it: a public client of an independent library.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before, test } from "node:test";
import * as openid from "openid-client";
import { PASSWORD, browser, signUp, stand } from "./stand.mjs";
import { quiet, says, sound, watch } from "./walk.mjs";

const ID = "outside";
let running, chrome, context, client, config, back, gone;

before(async () => {
  // The client's own site: whatever comes there is answered with a page.
  client = createServer((_, response) => response.writeHead(200, { "content-type": "text/html" }).end("<!doctype html><title>Client</title><h1>Client</h1>"));
  await new Promise((resolve) => client.listen(0, "127.0.0.1", resolve));
  back = `http://127.0.0.1:${client.address().port}/back`;
  gone = `http://127.0.0.1:${client.address().port}/gone`;
  running = await stand({ settings: `
[[identity.clients]]
id = "${ID}"
name = { en = "Outside system", be = "Старонняя сістэма", ru = "Сторонняя система" }
redirect_uris = ["${back}"]
post_logout_redirect_uris = ["${gone}"]
auth = "none"
` });
  config = await openid.discovery(new URL(`${running.base}/oidc`), ID, undefined, openid.None(), { execute: [openid.allowInsecureRequests] });
  chrome = await browser();
  context = await chrome.newContext({ viewport: { width: 1100, height: 800 }, locale: "be" });
});
after(async () => {
  await chrome?.close();
  client?.close();
  client?.closeAllConnections();
  await running?.stop();
});

/** A request for sign-in, with what it must be checked by. */
async function request(change = {}) {
  const verifier = openid.randomPKCECodeVerifier();
  const [state, nonce] = [openid.randomState(), openid.randomNonce()];
  const url = openid.buildAuthorizationUrl(config, { redirect_uri: back, scope: "openid profile email", state, nonce, acr_values: "low",
    code_challenge: await openid.calculatePKCECodeChallenge(verifier), code_challenge_method: "S256", ...change });
  return { url, verifier, state, nonce, checks: { pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce } };
}

/** Goes to sign in and comes back at the client; the account exists and has consented. */
async function come(change, page) {
  const asked = await request(change);
  const own = page ?? (await context.newPage());
  await own.goto(asked.url.href);
  await own.waitForURL(`${back}?**`);
  const at = new URL(own.url());
  if (!page) await own.close();
  return { ...asked, at };
}

const refused = (promise, error) => assert.rejects(promise, (found) => {
  assert.equal(found.error, error, String(found.error_description ?? found));
  return true;
});

test("a newcomer signs up, allows the client, and comes back; who it is the tokens and userinfo tell", async () => {
  const page = await context.newPage();
  const seen = watch(page, running.base);
  const asked = await request({ ui_locales: "be" });
  await page.goto(asked.url.href);
  await page.waitForURL("**/be/sign-in**");
  await sound(page, "be");
  await signUp(page, running, "outside@example.com", { name: ["Naidzin", "Jan"], by: "code" });
  await page.waitForURL("**/be/consent**");
  await sound(page, "be");
  assert.match(await says(page), /Старонняя сістэма/);
  quiet(seen);
  await page.locator('main button[value="yes"]').click();
  await page.waitForURL(`${back}?**`);
  const at = new URL(page.url());
  assert.equal(at.searchParams.get("iss"), `${running.base}/oidc`);
  const tokens = await openid.authorizationCodeGrant(config, at, asked.checks);
  const claims = tokens.claims();
  assert.equal(claims.iss, `${running.base}/oidc`);
  assert.equal(claims.aud, ID);
  assert.equal(claims.acr, "low");
  assert.equal(claims.nonce, asked.nonce);
  assert.ok(claims.sub && claims.sid && claims.auth_time);
  assert.ok(claims.exp > Date.now() / 1000);
  for (const told of ["email", "surname", "name", "serialNumber"]) assert.ok(!(told in claims), `${told} is for userinfo`);
  assert.equal(tokens.refresh_token, undefined, "nobody asked for offline access");
  const about = await openid.fetchUserInfo(config, tokens.access_token, claims.sub);
  assert.equal(about.email, "outside@example.com");
  assert.equal(about.email_verified, true);
  assert.deepEqual([about.surname, about.name], ["Naidzin", "Jan"]);
  await page.close();
});

test("the signature of the token is checked by the published keys", async () => {
  const strict = await openid.discovery(new URL(`${running.base}/oidc`), ID, undefined, openid.None(),
    { execute: [openid.allowInsecureRequests, openid.enableNonRepudiationChecks] });
  const { at, checks } = await come();
  const tokens = await openid.authorizationCodeGrant(strict, at, checks);
  const { kid, alg } = JSON.parse(Buffer.from(tokens.id_token.split(".")[0], "base64url"));
  assert.equal(alg, "ES256");
  const { keys } = await (await fetch(strict.serverMetadata().jwks_uri)).json();
  assert.ok(keys.some((key) => key.kid === kid));
  assert.ok(keys.every((key) => !("d" in key)), "public parts only");
});

test("an unknown client and a wrong address are told to the person, and to nobody else", async () => {
  const page = await context.newPage();
  for (const change of [{ redirect_uri: "https://evil.example/" }, { redirect_uri: `${back}/` }, { redirect_uri: `${back}?x=1` },
    { redirect_uri: back.replace("127.0.0.1", "localhost") }, { client_id: "nobody" }, { redirect_uri: "" }]) {
    const { url } = await request();
    for (const [name, value] of Object.entries(change)) url.searchParams.set(name, value);
    const answer = await page.goto(url.href);
    assert.equal(answer.status(), 400, JSON.stringify(change));
    assert.equal(answer.request().redirectedFrom(), null);
    assert.equal(new URL(page.url()).origin, running.base);
    await sound(page, "be");
    assert.equal(await page.locator("main a[href*=evil]").count(), 0);
  }
  await page.close();
});

test("what the client asks wrongly is told to the client", async () => {
  for (const [change, error] of [[{ code_challenge: "", code_challenge_method: "" }, "invalid_request"], [{ code_challenge_method: "plain" }, "invalid_request"],
    [{ code_challenge: "short" }, "invalid_request"], [{ response_type: "token" }, "unsupported_response_type"], [{ scope: "email" }, "invalid_scope"],
    [{ request: "x" }, "request_not_supported"]]) {
    const { at, state } = await come(change);
    assert.equal(at.searchParams.get("error"), error, JSON.stringify(change));
    assert.equal(at.searchParams.get("code"), null);
    assert.equal(at.searchParams.get("state"), state);
    assert.equal(at.searchParams.get("iss"), `${running.base}/oidc`);
  }
});

test("a wrong verifier is refused, and the code is spent by it", async () => {
  const { at, checks } = await come();
  await refused(openid.authorizationCodeGrant(config, at, { ...checks, pkceCodeVerifier: openid.randomPKCECodeVerifier() }), "invalid_grant");
  await refused(openid.authorizationCodeGrant(config, at, checks), "invalid_grant");
});

test("a missing verifier is refused", async () => {
  const { at } = await come();
  const body = new URLSearchParams({ grant_type: "authorization_code", client_id: ID, redirect_uri: back, code: at.searchParams.get("code") });
  const answer = await fetch(config.serverMetadata().token_endpoint, { method: "POST", body });
  assert.equal(answer.status, 400);
  assert.equal((await answer.json()).error, "invalid_request");
});

test("a code that comes twice is refused, and ends what the first one gave", async () => {
  const { at, checks } = await come();
  const tokens = await openid.authorizationCodeGrant(config, at, checks);
  const { sub } = tokens.claims();
  await openid.fetchUserInfo(config, tokens.access_token, sub);
  await refused(openid.authorizationCodeGrant(config, at, checks), "invalid_grant");
  await assert.rejects(openid.fetchUserInfo(config, tokens.access_token, sub));
});

test("another client’s code, a wrong address and a made-up code are refused", async () => {
  const endpoint = config.serverMetadata().token_endpoint;
  const { at, verifier } = await come();
  const good = { grant_type: "authorization_code", client_id: ID, redirect_uri: back, code: at.searchParams.get("code"), code_verifier: verifier };
  for (const [change, status, error] of [[{ client_id: "portal" }, 401, "invalid_client"], [{ client_id: "nobody" }, 401, "invalid_client"],
    [{ code: "made-up" }, 400, "invalid_grant"], [{ grant_type: "password" }, 400, "unsupported_grant_type"], [{ redirect_uri: gone }, 400, "invalid_grant"]]) {
    const answer = await fetch(endpoint, { method: "POST", body: new URLSearchParams({ ...good, ...change }) });
    assert.equal(answer.status, status, JSON.stringify(change));
    assert.equal((await answer.json()).error, error);
    assert.equal(answer.headers.get("cache-control"), "no-store");
  }
});

test("offline access: a refresh token is changed at each use, and one that comes twice ends all", async () => {
  const page = await context.newPage();
  const asked = await request({ scope: "openid profile email offline_access", prompt: "consent" });
  await page.goto(asked.url.href);
  await page.locator('main button[value="yes"]').click();
  await page.waitForURL(`${back}?**`);
  const first = await openid.authorizationCodeGrant(config, new URL(page.url()), asked.checks);
  await page.close();
  assert.ok(first.refresh_token);
  const second = await openid.refreshTokenGrant(config, first.refresh_token);
  assert.notEqual(second.refresh_token, first.refresh_token);
  await refused(openid.refreshTokenGrant(config, first.refresh_token), "invalid_grant");
  await refused(openid.refreshTokenGrant(config, second.refresh_token), "invalid_grant");
  await assert.rejects(openid.fetchUserInfo(config, second.access_token, openid.skipSubjectCheck));
});

test("a person who says no is told to the client as that", async () => {
  const page = await context.newPage();
  const asked = await request({ prompt: "consent" });
  await page.goto(asked.url.href);
  await page.locator('main button[value="no"]').click();
  await page.waitForURL(`${back}?**`);
  await refused(openid.authorizationCodeGrant(config, new URL(page.url()), asked.checks), "access_denied");
  await page.close();
});

test("without a question: who is signed in comes back at once, who is not is told", async () => {
  const { at, checks } = await come({ prompt: "none" });
  assert.ok((await openid.authorizationCodeGrant(config, at, checks)).claims().sub);
  const stranger = await chrome.newContext();
  const page = await stranger.newPage();
  const { at: other } = await come({ prompt: "none" }, page);
  assert.equal(other.searchParams.get("error"), "login_required");
  await stranger.close();
});

test("userinfo wants a token that holds", async () => {
  const endpoint = config.serverMetadata().userinfo_endpoint;
  for (const headers of [{}, { authorization: "Bearer made-up" }, { authorization: "Basic b3V0c2lkZTo=" }]) {
    const answer = await fetch(endpoint, { headers });
    assert.equal(answer.status, 401);
    assert.match(answer.headers.get("www-authenticate") ?? "", /^Bearer/);
  }
});

test("signing out with the token ends the session and comes back; only to a known address", async () => {
  const { at, checks } = await come();
  const tokens = await openid.authorizationCodeGrant(config, at, checks);
  const page = await context.newPage();
  const bad = openid.buildEndSessionUrl(config, { id_token_hint: tokens.id_token, post_logout_redirect_uri: "https://evil.example/" });
  assert.equal((await page.goto(bad.href)).status(), 400);
  assert.equal(new URL(page.url()).origin, running.base);
  const good = openid.buildEndSessionUrl(config, { id_token_hint: tokens.id_token, post_logout_redirect_uri: gone, state: "bye" });
  await page.goto(good.href);
  await page.waitForURL(`${gone}?state=bye`);
  await assert.rejects(openid.fetchUserInfo(config, tokens.access_token, tokens.claims().sub), "tokens of the session end with it");
  const { at: after } = await come({ prompt: "none" }, page);
  assert.equal(after.searchParams.get("error"), "login_required");
  await page.close();
});

test("signing out without the token asks the person first, then comes back", async () => {
  const page = await context.newPage();
  await page.goto(`${running.base}/be/sign-in`);
  await page.locator("#login").fill("outside@example.com");
  await page.locator("#password").fill(PASSWORD);
  await page.locator("main form:has([type=password]) button:not([type=button])").last().click();
  await page.waitForURL("**/account");
  await page.goto(openid.buildEndSessionUrl(config, { client_id: ID, post_logout_redirect_uri: gone }).href);
  await page.locator('main form button').click();
  await page.waitForURL(gone);
  const { at } = await come({ prompt: "none" }, page);
  assert.equal(at.searchParams.get("error"), "login_required");
  await page.close();
});
