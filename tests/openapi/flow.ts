// What openapi-typescript says, used: types alone, checked by the compiler, and
// run as it is.
import type { components, paths, webhooks } from "./postrider.js";

type Schemas = components["schemas"];
type Create = paths["/subscriptions"]["post"];
type Received = webhooks["event"]["post"]["parameters"]["header"];

const [url, target] = process.argv.slice(2) as [string, string];
const json = { "Content-Type": "application/json" };

async function post<T>(path: string, body: unknown): Promise<T> {
    const response = await fetch(url + path,
        { method: "POST", headers: json, body: JSON.stringify(body) });
    if (!response.ok)
        throw new Error(await response.text());
    return await response.json() as T;
}

const wanted: Create["requestBody"]["content"]["application/json"] =
    { target_url: target, events: null };
const made: Create["responses"]["201"]["content"]["application/json"] =
    await post("/subscriptions", wanted);
const state: "active" | "paused" | "disabled" = made.state;
const secret: string | null = made.secret;
const accepted = await post<Schemas["Accepted"]>(`/ingest/${made.id}`, [1]);
const got = await fetch(`${url}/webhooks/${accepted.webhook_id}`);
const webhook = await got.json() as Schemas["Webhook"];
const due: string | null = webhook.due_at;
const error: string | null | undefined = webhook.last_attempt?.error;
const id: Received["webhook-id"] = webhook.id;

if (state !== "active" || secret !== null || id !== accepted.webhook_id)
    throw new Error(JSON.stringify([made, webhook, due, error]));
console.log(webhook.subscription_id === made.id);
