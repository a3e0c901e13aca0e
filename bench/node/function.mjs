// The function that `tasks` is compared with: Node with the `pg` driver, run by aws-lambda-ric, which
// is what speaks to the Runtime API on AWS. It does what `tasks` was seen to do for the same request:
// the same secrets are read, the same statements with the same parameters are sent, the rows become
// JSON, and the access token's signature is verified.

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

/** The tasks with their people and labels, which come in a statement of their own. */
function page(tasks, [named]) {
  const [people, onTasks] = Object.values(named);
  const byId = new Map(people.map((person) => [person.id, person]));
  const labels = new Map();
  for (const { task_id, ...label } of onTasks) {
    labels.set(task_id, [...(labels.get(task_id) ?? []), label]);
  }
  return tasks.map(({ assignee_id, created_by, title_key, due_key, ...task }) => ({
    ...task,
    assignee: byId.get(assignee_id) ?? null,
    labels: labels.get(task.id) ?? [],
    created_by: byId.get(created_by),
  }));
}

let client;
let keys;

export async function handler(event) {
  keys ??= await secret(env.JWT_KEYS_SECRET);
  verify(event.headers.authorization, keys.key);
  client ??= await connect();
  const results = [];
  for (const [index, { text, values }] of statements.entries()) {
    if (values) {
      results.push((await client.query({ name: `statement_${index}`, text, values })).rows);
    } else {
      await client.query(text);
    }
  }
  const items = page(...results);
  return {
    statusCode: 200,
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ items, next_cursor: null }),
  };
}
