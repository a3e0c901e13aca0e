// The function that `tasks` is compared with: Node, the `pg` driver, and a plain loop over the
// Runtime API (aws-lambda-ric needs a C++ toolchain and starts later than this). It does what
// `tasks` was seen to do for the same request: the same secrets are read, the same statements with
// the same parameters are sent, the rows become JSON, and the access token's signature is verified.

import { createHmac, timingSafeEqual } from "node:crypto";
import { readFileSync } from "node:fs";
import { Agent, request } from "node:http";
import pg from "pg";

const { env } = process;
const agent = new Agent({ keepAlive: true, noDelay: true });
const statements = JSON.parse(readFileSync(env.BENCH_STATEMENTS, "utf8"));

function call(url, method, headers, body) {
  return new Promise((resolve, reject) => {
    const sent = request(url, { method, agent, headers }, (answer) => {
      const chunks = [];
      answer.on("data", (chunk) => chunks.push(chunk));
      answer.on("end", () => resolve({ headers: answer.headers, text: Buffer.concat(chunks).toString() }));
    });
    sent.on("error", reject);
    sent.end(body);
  });
}

async function secret(arn) {
  const headers = { "content-type": "application/x-amz-json-1.1", "x-amz-target": "secretsmanager.GetSecretValue" };
  const answer = await call(env.AWS_ENDPOINT_URL_SECRETS_MANAGER, "POST", headers, JSON.stringify({ SecretId: arn }));
  return JSON.parse(JSON.parse(answer.text).SecretString);
}

async function connect() {
  const { username, password } = await secret(env.DATABASE_SECRET);
  const client = new pg.Client({
    host: env.DATABASE_HOST,
    port: Number(env.DATABASE_PORT),
    database: env.DATABASE_NAME,
    user: username,
    password,
    ssl: env.DATABASE_TLS === "disable" ? false : { ca: readFileSync(env.DATABASE_CA_FILE, "utf8") },
  });
  await client.connect();
  return client;
}

function verify(authorization, key) {
  const [header, claims, signature] = authorization.slice("Bearer ".length).split(".");
  const expected = createHmac("sha256", key).update(`${header}.${claims}`).digest();
  if (!timingSafeEqual(expected, Buffer.from(signature, "base64url"))) throw new Error("signature");
  return JSON.parse(Buffer.from(claims, "base64url"));
}

let client;
let keys;

async function handle(event) {
  keys ??= await secret(env.JWT_KEYS_SECRET);
  verify(event.headers.authorization, keys.key);
  client ??= await connect();
  let items = [];
  for (const [index, { text, values }] of statements.entries()) {
    if (values) {
      items = (await client.query({ name: `statement_${index}`, text, values })).rows;
    } else {
      await client.query(text);
    }
  }
  return {
    statusCode: 200,
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ items, next_cursor: null }),
  };
}

const runtime = `http://${env.AWS_LAMBDA_RUNTIME_API}/2018-06-01/runtime/invocation`;
for (;;) {
  const next = await call(`${runtime}/next`, "GET", {});
  const id = next.headers["lambda-runtime-aws-request-id"];
  try {
    await call(`${runtime}/${id}/response`, "POST", {}, JSON.stringify(await handle(JSON.parse(next.text))));
  } catch (error) {
    await call(`${runtime}/${id}/error`, "POST", {}, JSON.stringify({ errorMessage: String(error.stack) }));
  }
}
