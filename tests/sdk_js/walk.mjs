// Drives the official JavaScript client, unmodified, with only serverURL changed. What its calls return goes to standard output as
// one JSON object, by name of the call; the tests in Python judge it.
//
//   node walk.mjs <server url> <key> everything | limited

import { Flexprice } from "@flexprice/sdk";

const [serverURL, apiKeyAuth, part] = process.argv.slice(2);
const WHEN = { startTime: "2024-01-01T00:00:00Z", endTime: "2024-02-01T00:00:00Z" };

/** What the call raised, as a client would look at it. */
async function fault(call) {
  try {
    await call();
  } catch (error) {
    return { type: error.constructor.name, status: error.statusCode, body: error.body };
  }
  return { type: "none" };
}

async function events(client) {
  const sent = (n) => ({
    eventName: "api_request",
    externalCustomerId: `customer ${n % 2}`,
    eventId: `id-${n}`,
    timestamp: `2024-01-1${n}T00:00:00Z`,
    properties: { amount: ["10.5", "0.4", "-1", "not a number"][n], region: n === 3 ? "us" : "eu" },
    source: n === 0 ? "web" : "api",
  });
  const asked = { eventName: "api_request", ...WHEN };
  return {
    ingestEvent: await client.events.ingestEvent(sent(0)),
    ingestEventsBulk: await client.events.ingestEventsBulk({ events: [0, 1, 2, 3].map(sent) }),
    listRawEvents: await client.events.listRawEvents({ ...asked, order: "asc", pageSize: 3 }),
    getEvent: await client.events.getEvent("id-1"),
    count: await client.events.getUsageStatistics({ ...asked, aggregationType: "COUNT" }),
    sum: await client.events.getUsageStatistics({ ...asked, aggregationType: "SUM", propertyName: "amount" }),
    days: await client.events.getUsageStatistics({
      ...asked, aggregationType: "MAX", propertyName: "amount", windowSize: "DAY", externalCustomerId: "customer 0",
    }),
  };
}

async function catalogue(client) {
  const meter = {
    name: "Amounts",
    eventName: "api_request",
    aggregation: { type: "SUM", field: "amount" },
    filters: [{ key: "region", values: ["eu"] }],
    resetUsage: "BILLING_PERIOD",
  };
  const made = await client.features.createFeature({ name: "Amounts", type: "metered", meter, unitSingular: "GB", unitPlural: "GBs" });
  return {
    createFeature: made,
    queryFeature: await client.features.queryFeature({ lookupKeys: ["amounts"] }),
    updateFeature: await client.features.updateFeature(made.id, { description: "changed" }),
  };
}

async function customers(client) {
  const made = await client.customers.createCustomer({ externalId: "customer 0", name: "Zero", email: "a@b.example" });
  return {
    createCustomer: made,
    getCustomer: await client.customers.getCustomer(made.id),
    getCustomerByExternalId: await client.customers.getCustomerByExternalId("customer 0"),
    queryCustomer: await client.customers.queryCustomer({ externalId: "customer 0" }),
    updateCustomer: await client.customers.updateCustomer({ name: "Nought" }, made.id),
  };
}

async function usage(client, feature, customer) {
  const asked = { externalCustomerId: "customer 0", ...WHEN };
  return {
    getUsageByMeter: await client.events.getUsageByMeter({ meterId: feature.meterId, ...asked }),
    byDay: await client.events.getUsageByMeter({ meterId: feature.meterId, ...asked, windowSize: "DAY" }),
    getUsageAnalytics: await client.events.getUsageAnalytics({
      ...asked, groupBy: ["source", "properties.region"], windowSize: "DAY", expand: ["meter", "feature"],
    }),
    getCustomerUsageSummary: await client.customers.getCustomerUsageSummary({ customerId: customer.id, featureIds: [feature.id] }),
  };
}

async function keys(client) {
  const made = await client.secrets.createApiKey({ name: "K", type: "private_key" });
  const own = new Flexprice({ serverURL, apiKeyAuth: made.apiKey });
  const used = await own.events.ingestEvent({ eventName: "a", externalCustomerId: "c", eventId: "by-own-key" });
  const listed = await client.secrets.listApiKeys();
  await client.secrets.deleteApiKey(made.secret.id);
  const refused = await fault(() => own.events.ingestEvent({ eventName: "a", externalCustomerId: "c" }));
  return { createApiKey: made, used, listApiKeys: listed, refused };
}

async function faults(client) {
  const taken = { externalId: "customer 0", name: "again" };
  return {
    noName: await fault(() => client.events.ingestEvent({ eventName: "", externalCustomerId: "c" })),
    noMeter: await fault(() => client.events.getUsageByMeter({ meterId: "meter_x" })),
    noEvent: await fault(() => client.events.getEvent("nobody's")),
    taken: await fault(() => client.customers.createCustomer(taken)),
  };
}

async function ends(client, feature, customer) {
  const deleted = await client.features.deleteFeature(feature.id);
  await client.customers.deleteCustomer(customer.id);
  return { deleteFeature: deleted, gone: await fault(() => client.customers.getCustomer(customer.id)) };
}

async function everything() {
  const client = new Flexprice({ serverURL, apiKeyAuth });
  const told = { ...(await events(client)), ...(await catalogue(client)), ...(await customers(client)) };
  Object.assign(told, await usage(client, told.createFeature, told.createCustomer), await keys(client), await faults(client));
  return Object.assign(told, await ends(client, told.createFeature, told.createCustomer));
}

/** One request more than the plan allows in a minute. The client never waits longer than maxInterval, whatever Retry-After says. */
async function limited() {
  const backoff = { initialInterval: 10, maxInterval: 60_000, exponent: 1.1, maxElapsedTime: 90_000 };
  const client = new Flexprice({ serverURL, apiKeyAuth, retryConfig: { strategy: "backoff", backoff } });
  const begun = Date.now();
  const told = [];
  for (const n of [0, 1, 2, 3]) {
    told.push(await client.events.ingestEvent({ eventName: "limited", externalCustomerId: "c", eventId: `js-${n}` }));
  }
  return { told, waitedMs: Date.now() - begun };
}

const result = await { everything, limited }[part]();
process.stdout.write(JSON.stringify(result));
