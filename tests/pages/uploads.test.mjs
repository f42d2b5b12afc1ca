// Files in a form: chosen, refused with a cure, taken out, downloaded by their owner and by nobody else, and sent.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { LANGS, answers, browser, entered, fill, onward, signUp, stand } from "./stand.mjs";
import { begin, filledIn, quiet, send, somebody, sound, watch } from "./walk.mjs";

const FIELD = "insurance.copies";
const PDF = Buffer.from("%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n");
const PNG = Buffer.from("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNkYAAAAAYAAjCB0C8AAAAASUVORK5CYII=", "base64");
const file = (name, buffer, mimeType = "application/octet-stream") => ({ name, mimeType, buffer });
const SIGN = { en: "Error: ", be: "Памылка: ", ru: "Ошибка: " };

let running, chrome;
before(async () => {
  running = await stand();
  chrome = await browser();
});
after(async () => {
  await chrome?.close();
  await running?.stop();
});

/** A draft at the page with the file, in a browser. */
async function atFile(page, lang, who = somebody()) {
  await begin(page, running.base, lang);
  const given = answers(who);
  while (!page.url().endsWith("/insurance")) {
    await fill(page, given);
    await onward(page).click();
    await page.waitForLoadState();
  }
  await fill(page, given);
  return given;
}

/** A context with its page. */
async function open(options = {}) {
  const context = await chrome.newContext({ viewport: { width: 320, height: 800 }, ...options });
  return { context, page: await context.newPage() };
}

const listed = (page) => page.locator(".app-files li a").allInnerTexts();
const choose = (page, files) => page.locator(`input[name="${FIELD}"]`).setInputFiles(files);
/** Sends the page; the answer’s status. */
async function press(page, button = onward(page)) {
  const [response] = await Promise.all([page.waitForResponse((one) => one.request().isNavigationRequest() && one.request().method() === "POST"), button.click()]);
  await page.waitForLoadState();
  return response.status();
}

for (const javaScriptEnabled of [true, false]) {
  test(`a file goes with the answers of its page ${javaScriptEnabled ? "with" : "without"} JavaScript, and is sent to the owner`, async () => {
    const { context, page } = await open({ javaScriptEnabled });
    const seen = watch(page, running.base);
    const who = somebody();
    entered(running, who);
    const given = await atFile(page, "en", who);
    const before = seen.loads.length;
    await choose(page, [file("поліс № 1.pdf", PDF), file("back", PNG)]);
    assert.equal(await press(page), 303);
    assert.match(page.url(), /\/visa$/);
    assert.equal(seen.loads.length, before + 1, "the file costs no page of its own");
    for (let step = 0; step < 5 && !page.url().endsWith("/check"); step += 1) {
      await fill(page, given);
      const look = page.locator('main form button[name="look"]');
      await ((await look.count()) ? look : onward(page)).click();
      await page.waitForLoadState();
    }
    assert.deepEqual(await listed(page), ["поліс № 1.pdf", "back.png"]);
    await page.locator("main a.govuk-button").click();
    await signUp(page, running, `files-${javaScriptEnabled}@example.com`);
    assert.match(page.url(), /check$/);
    const id = await send(page);
    await page.locator("details summary").last().click();
    const href = await page.locator(".app-files a").first().getAttribute("href");
    assert.match(href, new RegExp(`/en/account/applications/${id}/files/[0-9a-f-]{36}$`));
    const got = await page.request.get(running.base + href);
    assert.equal(got.status(), 200);
    assert.deepEqual(await got.body(), PDF);
    const head = got.headers();
    assert.equal(head["content-type"], "application/pdf");
    assert.equal(head["content-disposition"], `attachment; filename="________1.pdf"; filename*=UTF-8''${encodeURIComponent("поліс № 1.pdf")}`);
    assert.equal(head["x-content-type-options"], "nosniff");
    assert.match(head["content-security-policy"], /sandbox/);
    assert.equal(head["cache-control"], "no-store");
    // Another account and nobody at all do not get it.
    const other = await open();
    assert.equal((await other.page.request.get(running.base + href, { maxRedirects: 0 })).status(), 303);
    await other.page.goto(`${running.base}/en/register`);
    await signUp(other.page, running, `stranger-${javaScriptEnabled}@example.com`);
    for (const path of [href, href.replace(/applications\/[^/]+/, `applications/${crypto.randomUUID()}`)]) {
      assert.equal((await other.page.request.get(running.base + path)).status(), 404, path);
    }
    assert.equal((await page.request.get(`${running.base}${href.slice(0, -36)}${crypto.randomUUID()}`)).status(), 404);
    quiet(seen);
    await other.context.close();
    await context.close();
  });
}

const MISTAKES = [
  ["too large", [file("scan.pdf", Buffer.concat([PDF, Buffer.alloc(3 * 1024 * 1024)]))], { en: /“scan.pdf” is too large.*3 MB/, be: /«scan.pdf» занадта вялікі/, ru: /«scan.pdf» слишком большой/ }],
  ["larger than any form", [file("film.pdf", Buffer.concat([PDF, Buffer.alloc(20 * 1024 * 1024)]))], { en: /“film.pdf” is too large/, be: /«film.pdf» занадта вялікі/, ru: /«film.pdf» слишком большой/ }],
  ["of another type, whatever its name says", [file("policy.pdf", Buffer.from("MZ\x90\0program"), "application/pdf")], { en: /“policy.pdf” is of another type.*PDF, JPEG, PNG/, be: /«policy.pdf» іншага тыпу/, ru: /«policy.pdf» другого типа/ }],
  ["empty", [file("nothing.pdf", Buffer.alloc(0))], { en: /“nothing.pdf” is empty/, be: /«nothing.pdf» пусты/, ru: /«nothing.pdf» пуст/ }],
  ["too many", [file("a.pdf", PDF), file("b.png", PNG), file("c.pdf", Buffer.concat([PDF, PDF]))], { en: /2 files at most/, be: /не больш за 2 файлы/, ru: /не более 2 файлов/ }],
];

for (const lang of LANGS) {
  test(`what is wrong with a file is told with its cure, and nothing typed is lost: ${lang}`, async () => {
    const { context, page } = await open();
    const given = await atFile(page, lang);
    await page.locator('[name="insurance.policy_number"]').fill("MC-ТЫПЕД");
    for (const [name, files, texts] of MISTAKES) {
      await choose(page, files);
      assert.equal(await press(page), 422, name);
      assert.ok((await page.title()).startsWith(SIGN[lang]), name);
      const link = page.locator(`.govuk-error-summary a[href="#insurance-copies"]`);
      assert.match(await link.innerText(), texts[lang], name);
      assert.equal(await page.locator('[name="insurance.policy_number"]').inputValue(), "MC-ТЫПЕД");
      assert.equal(await page.locator('[name="insurance.insurer"]').inputValue(), given["insurance.insurer"]);
      assert.deepEqual(await listed(page), [], name);
      await sound(page, lang);
    }
    // A file that is right is kept beside a field that is wrong, and beside a file that is wrong.
    await page.locator('[name="insurance.sum"]').fill("much");
    await choose(page, [file("policy.pdf", PDF), file("virus.png", Buffer.from("MZ"))]);
    assert.equal(await press(page), 422);
    assert.equal(await page.locator(".govuk-error-summary a").count(), 2);
    assert.deepEqual(await listed(page), ["policy.pdf"]);
    // The same again is no second file.
    await choose(page, [file("again.pdf", PDF)]);
    await press(page);
    assert.deepEqual(await listed(page), ["policy.pdf"]);
    // Another language before the page is sent keeps what is typed and takes the file.
    const other = lang === "en" ? "be" : "en";
    await page.locator('[name="insurance.sum"]').fill("20000");
    await choose(page, [file("stamp.png", PNG)]);
    await page.locator(`.nais-languages button[lang="${other}"]`).click();
    await page.waitForURL(new RegExp(`/${other}/`));
    assert.deepEqual(await listed(page), ["policy.pdf", "stamp.png"]);
    assert.equal(await page.locator('[name="insurance.sum"]').inputValue(), "20000");
    // Taken out: gone from the page, and from the store.
    const href = await page.locator(".app-files a").first().getAttribute("href");
    assert.equal((await page.request.get(running.base + href)).status(), 200);
    await page.locator('[name="insurance.insurer"]').fill("Another insurer");
    assert.equal(await press(page, page.locator('button[name="take-out"]').first()), 200);
    assert.deepEqual(await listed(page), ["stamp.png"]);
    assert.equal(await page.locator('[name="insurance.insurer"]').inputValue(), "Another insurer");
    assert.equal((await page.request.get(running.base + href)).status(), 404);
    await context.close();
  });
}

test("a draft’s file is its browser’s alone, and goes with the draft", async () => {
  const { context, page } = await open();
  const given = await atFile(page, "en");
  await choose(page, [file("policy.pdf", PDF)]);
  await press(page);
  await page.goBack();
  const href = await page.locator(".app-files a").first().getAttribute("href").catch(() => null)
    ?? (await page.reload(), await page.locator(".app-files a").first().getAttribute("href"));
  const other = await open();
  assert.equal((await other.page.request.get(running.base + href)).status(), 410);
  // Nor can anybody else put a file there, or take one out.
  const at = `${running.base}${href.replace(/\/files\/.*$/, "/insurance")}`;
  const own = { origin: running.base, "sec-fetch-site": "same-origin" };
  const multipart = { [FIELD]: file("x.pdf", PDF) };
  assert.equal((await other.page.request.post(at, { headers: own, multipart })).status(), 410);
  assert.equal((await other.page.request.post(at, { headers: own, form: { "take-out": href.split("/").pop() } })).status(), 410);
  assert.equal((await page.request.post(at, { headers: { origin: "https://evil.example" }, multipart })).status(), 403, "from another site");
  assert.equal((await page.request.get(running.base + href)).status(), 200, "it is still there");
  await other.context.close();

  // With an account the draft can be thrown away, and the file with it.
  for (const path of ["visa", "stay", "applicant"]) {
    await page.goto(at.replace(/insurance$/, path));
    await fill(page, given);
    const look = page.locator('main form button[name="look"]');
    await ((await look.count()) ? look : onward(page)).click();
    await page.waitForLoadState();
  }
  await page.goto(`${running.base}/en/register`);
  await signUp(page, running, "thrown@example.com");
  await page.goto(at.replace(/insurance$/, "check"));
  await page.goto(`${running.base}/en/account`);
  await page.locator('main form[action*="/drafts/"] button').click();
  await page.waitForLoadState();
  assert.equal((await page.request.get(running.base + href)).status(), 410);
  await context.close();
});

test("a transfer that breaks off loses nothing that came before", async () => {
  const { context, page } = await open();
  await atFile(page, "en");
  const own = { origin: running.base, "sec-fetch-site": "same-origin", "content-type": "multipart/form-data; boundary=b" };
  const data = `--b\r\nContent-Disposition: form-data; name="insurance.policy_number"\r\n\r\nMC-7\r\n--b\r\nContent-Disposition: form-data; name="${FIELD}"; filename="x.pdf"\r\n\r\n%PDF-`;
  const answer = await page.request.post(page.url(), { headers: own, data });
  assert.equal(answer.status(), 422);
  assert.match(await answer.text(), /transfer broke off[^]*value="MC-7"/);
  // A page that takes no files takes no such form.
  const there = page.url().replace(/insurance$/, "document");
  assert.equal((await page.request.post(there, { headers: own, data })).status(), 415);
  await context.close();
});

test("a returned application keeps the files of each version", async () => {
  const { context, page } = await open();
  await page.goto(`${running.base}/en/register`);
  await signUp(page, running, "versions@example.com");
  const who = somebody();
  await filledIn(page, running.base, who, { "entry.route": "from-russia" });
  const check = page.url();
  const at = check.replace(/check$/, "insurance?change=1");
  await page.goto(at);
  await choose(page, [file("first.pdf", PDF)]);
  await press(page);
  const id = await send(page);
  const files = () => page.locator(".app-files a").allInnerTexts();
  await page.locator("form[action$='/mend'] button").click();
  await page.waitForURL(/check$/);
  assert.deepEqual(await listed(page), ["first.pdf"]);
  await page.goto(at);
  await press(page, page.locator('button[name="take-out"]'));
  await choose(page, [file("second.png", PNG)]);
  await press(page);
  await page.waitForURL(/check$/);
  assert.equal(await send(page), id);
  assert.deepEqual((await page.locator(".app-files a").evaluateAll((all) => all.map((one) => one.textContent))), ["second.png", "first.pdf"]);
  for (const link of await page.locator(".app-files a").all()) {
    assert.equal((await page.request.get(running.base + await link.getAttribute("href"))).status(), 200);
  }
  assert.equal((await files()).length, 2);
  await context.close();
});
