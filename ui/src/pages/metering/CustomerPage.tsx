/** One customer: usage of this period against what is included, usage over time, who belongs to whom. */
import { Anchor, Badge, Button, Group, Progress, SimpleGrid, Stack, Text } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { Link, useParams } from "wouter";
import { api, ask, Refused } from "@/api/client";
import { useAsk } from "@/api/queries";
import { formatDecimal, formatShare } from "@/format/numbers";
import { BROWSER_ZONE, formatDay } from "@/format/times";
import { DataTable } from "@/parts/DataTable";
import { Page } from "@/parts/Page";
import { Panel } from "@/parts/Panel";
import { daysOfValues, RangePicker, rangeFields } from "@/parts/RangePicker";
import { Answer, Empty } from "@/parts/states";
import { NotFound } from "@/shell/NotFound";
import { useMay, useProject } from "@/state/session";
import { useUrlState } from "@/state/url";
import { metering } from "@/texts/metering";
import { CUSTOMERS, type Feature, useFeatures, useUsage } from "./ask";
import { type Customer, CustomerForm } from "./CustomerForm";
import { UsageChart } from "./UsageChart";

const { customers: texts } = metering;

export default function CustomerPage() {
  const { id = "" } = useParams<{ id: string }>();
  const customer = useCustomer(id);
  if (customer.error instanceof Refused && customer.error.status === 404) return <NotFound home="/customers" />;
  return (
    <Answer of={customer} height={480}>
      {(given) => <OneCustomer customer={given} />}
    </Answer>
  );
}

/** id "": nobody, and nothing is asked. */
function useCustomer(id: string) {
  const project = useProject();
  return useAsk(
    [CUSTOMERS, project.id, "one", id],
    (signal) => ask(api.GET("/flexprice/v1/customers/{id}", { params: { path: { id } }, signal })),
    { when: id !== "", keep: false },
  );
}

function OneCustomer({ customer }: { customer: Customer }) {
  const [view, change] = useUrlState(rangeFields);
  const zone = customer.timezone || BROWSER_ZONE;
  const features = useFeatures();
  const metered = (features.data?.items ?? []).filter(({ meter_id }) => meter_id);
  return (
    <Page
      title={customer.name || customer.external_id}
      about={`${customer.external_id}${customer.email ? ` · ${customer.email}` : ""}`}
      actions={
        <>
          <RangePicker values={view} zone={zone} onChange={change} />
          <Edit customer={customer} />
        </>
      }
    >
      <Stack gap="md">
        <Included customer={customer} />
        <SimpleGrid cols={{ base: 1, md: 2 }} spacing="md">
          {metered.map((feature) => (
            <FeatureUsage
              key={feature.id}
              feature={feature}
              customer={customer}
              zone={zone}
              days={daysOfValues(view, zone)}
            />
          ))}
        </SimpleGrid>
        <Details customer={customer} />
      </Stack>
    </Page>
  );
}

function limitOf(one: { hard_limit?: string | undefined; soft_limit?: string | undefined }): string {
  return one.hard_limit || one.soft_limit || "";
}

function Included({ customer }: { customer: Customer }) {
  const project = useProject();
  const usage = useAsk(["usage", project.id, "customer", customer.id], (signal) =>
    ask(api.GET("/flexprice/v1/customers/usage", { params: { query: { customer_id: customer.id } }, signal })),
  );
  return (
    <Panel
      title={texts.usage}
      flush
      {...(usage.data
        ? {
            about: texts.usageAbout(
              formatDay(usage.data.period.start_time ?? ""),
              formatDay(usage.data.period.end_time ?? ""),
            ),
          }
        : {})}
    >
      <Answer
        of={usage}
        height={200}
        isEmpty={({ features }) => features.length === 0}
        empty={<Empty title={texts.noFeatures} hint={texts.noFeaturesHint} height={200} />}
      >
        {({ features }) => (
          <DataTable
            label={texts.usage}
            rows={features}
            rowKey={(one) => String((one.feature as unknown as Feature).id)}
            minWidth={560}
            columns={[
              { id: "feature", title: texts.feature, cell: (one) => (one.feature as unknown as Feature).name },
              { id: "used", title: texts.used, number: true, cell: (one) => formatDecimal(one.current_usage) },
              {
                id: "limit",
                title: texts.limit,
                number: true,
                cell: (one) => (limitOf(one) ? formatDecimal(limitOf(one)) : texts.unlimited),
              },
              {
                id: "share",
                title: texts.share,
                width: 200,
                cell: (one) =>
                  limitOf(one) ? (
                    <Share
                      used={Number(one.current_usage)}
                      limit={Number(limitOf(one))}
                      label={(one.feature as unknown as Feature).name}
                    />
                  ) : (
                    "–"
                  ),
              },
            ]}
          />
        )}
      </Answer>
    </Panel>
  );
}

/** A bar, and the word that says the same. */
export function Share({ used, limit, label }: { used: number; limit: number; label: string }) {
  const share = limit > 0 ? used / limit : 1;
  const [colour, word] =
    share >= 1
      ? (["red.8", texts.over] as const)
      : share >= 0.8
        ? (["orange.8", texts.near] as const)
        : (["teal.8", texts.fine] as const);
  return (
    <Group gap="xs" wrap="nowrap">
      <Progress value={Math.min(100, share * 100)} color={colour} w={90} aria-label={`${label}: ${word}`} />
      <Text size="xs" className="figures" title={word}>
        {formatShare(share, 0)}
      </Text>
    </Group>
  );
}

function FeatureUsage({
  feature,
  customer,
  zone,
  days,
}: {
  feature: Feature;
  customer: Customer;
  zone: string;
  days: { from: string; to: string };
}) {
  const usage = useUsage({ meter: feature.meter_id ?? "", days, zone, window: "DAY", customer: customer.external_id });
  const unit = feature.unit_plural || feature.name;
  return (
    <Panel
      title={feature.name}
      actions={
        usage.data && (
          <Badge
            variant="light"
            tt="none"
            className="figures"
          >{`${formatDecimal(usage.data.total_value)} ${unit}`}</Badge>
        )
      }
    >
      <Answer
        of={usage}
        height={200}
        isEmpty={({ points }) => points.length === 0}
        empty={<Empty title={metering.meter.noUsage} height={200} />}
      >
        {(given) => <UsageChart title={feature.name} unit={unit} usage={given} window="DAY" zone={zone} height={200} />}
      </Answer>
    </Panel>
  );
}

function Details({ customer }: { customer: Customer }) {
  const project = useProject();
  const children = useAsk([CUSTOMERS, project.id, "children", customer.id], (signal) =>
    ask(api.GET("/flexprice/v1/customers/{id}/children", { params: { path: { id: customer.id } }, signal })),
  );
  const parent = useCustomer(customer.parent_customer_id ?? "").data;
  const below = (children.data?.items ?? []).map(named);
  const rows = [
    { name: texts.externalId, value: customer.external_id },
    { name: texts.aliases, value: customer.aliases.join(", ") || "–" },
    { name: texts.zone, value: customer.timezone || "UTC" },
    { name: texts.created, value: formatDay(customer.created_at) },
    { name: texts.parent, value: <CustomerLinks of={parent ? [named(parent)] : []} /> },
    { name: texts.children, value: <CustomerLinks of={below} /> },
  ];
  return (
    <Panel title={texts.details}>
      {rows.map(({ name, value }) => (
        <Group key={name} justify="space-between" className="line" wrap="nowrap">
          <Text size="sm" className="soft">
            {name}
          </Text>
          <Text size="sm" component="div" style={{ overflowWrap: "anywhere", textAlign: "right" }}>
            {value}
          </Text>
        </Group>
      ))}
    </Panel>
  );
}

const named = ({ id, name, external_id }: Pick<Customer, "id" | "name" | "external_id">) => ({
  id,
  name: name || external_id,
});

function Edit({ customer }: { customer: Customer }) {
  const [open, { open: begin, close }] = useDisclosure(false);
  const parent = useCustomer(customer.parent_customer_id ?? "").data;
  const may = useMay("member");
  if (!may) return null;
  return (
    <>
      <Button variant="default" onClick={begin} disabled={!!customer.parent_customer_id && !parent}>
        {texts.edit}
      </Button>
      {open && <CustomerForm of={customer} parent={parent?.external_id ?? ""} onClose={close} />}
    </>
  );
}

function CustomerLinks({ of }: { of: readonly { id: string; name: string }[] }) {
  if (of.length === 0) return "–";
  return of.map(({ id, name }) => (
    <Anchor key={id} component={Link} href={`/customers/${id}`} size="sm" ml="xs">
      {name}
    </Anchor>
  ));
}
