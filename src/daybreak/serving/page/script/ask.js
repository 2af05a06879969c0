// Requests to the page's own server, with the tab's token where it has one. What is refused is thrown as `Refused`.

const TOKEN = "daybreak.token";
const UNIT = "daybreak.unit";

export class Refused extends Error {
  // `retry`: seconds after which to come back, where the server tells them.
  constructor(status, told, retry = 0) {
    super(told.error || `the server answered ${status}`);
    this.retry = retry;
    this.status = status;
    this.code = told.code || "";
    this.where = told.where || "";
  }
}

export const token = {
  get: () => sessionStorage.getItem(TOKEN) || "",
  keep: (value) => sessionStorage.setItem(TOKEN, value),
  forget: () => sessionStorage.removeItem(TOKEN),
};

// Who asks, where a test deals by a header: this browser, by a name that says nothing of it.
function unit() {
  let name = localStorage.getItem(UNIT);
  if (!name) {
    name = Array.from(crypto.getRandomValues(new Uint8Array(8)), (byte) => byte.toString(16).padStart(2, "0")).join("");
    localStorage.setItem(UNIT, name);
  }
  return name;
}

let unitHeader = "";
export const dealBy = (header) => {
  unitHeader = header;
};

export async function ask(path, body, { type = "application/json", signal } = {}) {
  const headers = {};
  if (token.get()) headers.authorization = `Bearer ${token.get()}`;
  if (body !== undefined) headers["content-type"] = type;
  if (body !== undefined && unitHeader) headers[unitHeader] = unit();
  let answer;
  try {
    answer = await fetch(path, { method: body === undefined ? "GET" : "POST", headers, body, signal, cache: "no-store" });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Refused(0, { error: "The server cannot be reached; is it still running?" });
  }
  if (answer.ok) return answer;
  const refused = new Refused(answer.status, await answer.json().catch(() => ({})), Number(answer.headers.get("retry-after")));
  if (answer.status === 401) {
    token.forget();
    refused.message += ". Load the page again to give another token.";
  }
  throw refused;
}
