/** Web analytics: everything about one website on one page. */
import { Button, Select, SimpleGrid, Stack } from "@mantine/core";
import { useEffect } from "react";
import { Link, Redirect, useLocation, useParams, useSearch } from "wouter";
import { api, ask } from "@/api/client";
import { useAsk } from "@/api/queries";
import { valueName } from "@/format/site";
import { AddToDashboard } from "@/pages/dashboards/AddToDashboard";
import { FilterChips } from "@/parts/FilterChips";
import { Page } from "@/parts/Page";
import { RangePicker } from "@/parts/RangePicker";
import { Answer, Empty } from "@/parts/states";
import { useRemembered } from "@/state/remembered";
import { useProject } from "@/state/session";
import { useUrlState, writeValues } from "@/state/url";
import { web } from "@/texts/web";
import { Attribution } from "./Attribution";
import { Breakdown, Places } from "./Breakdown";
import { Conversions, Revenue } from "./Conversions";
import { Funnel } from "./Funnel";
import { Overview } from "./Overview";
import { Retention } from "./Retention";
import { DEVICES, PAGES, type Site, type SiteFilter, type SiteView, SOURCES, siteFields, widgetOf } from "./site";

export default function WebPage() {
  const project = useProject();
  const { website } = useParams<{ website?: string }>();
  const search = useSearch();
  const [last, remember] = useRemembered(`website.${project.id}`, "");
  const websites = useAsk(["websites", project.id], (signal) => ask(api.GET("/thebizness/api/websites", { signal })));
  useEffect(() => {
    if (website) remember(website);
  }, [website, remember]);
  return (
    <Answer of={websites} height={480} isEmpty={(given) => given.websites.length === 0} empty={<NoWebsite />}>
      {(given) => {
        const sites: Site[] = given.websites;
        const site = sites.find(({ id }) => id === website);
        if (site) return <SitePage key={site.id} site={site} sites={sites} />;
        const first = sites.find(({ id }) => id === last) ?? sites[0];
        return <Redirect to={`/web/${encodeURIComponent(first?.id ?? "")}${search ? `?${search}` : ""}`} replace />;
      }}
    </Answer>
  );
}

function NoWebsite() {
  return (
    <Page title={web.title}>
      <Empty
        title={web.none}
        hint={web.noneHint}
        action={
          <Button component={Link} href="/settings/websites">
            {web.add}
          </Button>
        }
      />
    </Page>
  );
}

/** What each part of the page is given. onFilter: only visits of which this is true. */
export interface PartProps {
  site: Site;
  view: SiteView;
  onFilter: (filter: SiteFilter) => void;
}

/** What another website is looked at by: the same days, metric and tabs; filters and steps are of this one's own pages. */
function keptFor(view: SiteView): SiteView {
  return { ...view, filter: [], step: [] };
}

function SitePage({ site, sites }: { site: Site; sites: readonly Site[] }) {
  const [view, change] = useUrlState(siteFields);
  const [, go] = useLocation();
  const onFilter = (filter: SiteFilter) => {
    const same = view.filter.some((one) => one.dimension === filter.dimension && one.value === filter.value);
    if (!same) change({ filter: [...view.filter.filter(({ dimension }) => dimension !== filter.dimension), filter] });
  };
  const part: PartProps = { site, view, onFilter };
  return (
    <Page
      title={site.name || site.domain}
      about={`${site.domain} · ${site.timezone}`}
      actions={
        <>
          {sites.length > 1 && (
            <Select
              aria-label={web.website}
              data={sites.map(({ id, domain, name }) => ({ value: id, label: name || domain }))}
              value={site.id}
              allowDeselect={false}
              onChange={(id) =>
                id && go(`/web/${encodeURIComponent(id)}?${writeValues(siteFields, keptFor(view), "")}`)
              }
              w={200}
            />
          )}
          <Select
            aria-label={web.compare}
            data={Object.entries(web.compares).map(([value, label]) => ({
              value,
              label: `${web.compare}: ${label.toLowerCase()}`,
            }))}
            value={view.compare}
            allowDeselect={false}
            onChange={(compare) => compare && change({ compare: compare as SiteView["compare"] })}
            w={260}
          />
          <RangePicker values={view} zone={site.timezone} onChange={change} />
          <AddToDashboard
            type="analytics"
            title={`${web.metrics[view.metric]}, ${site.name || site.domain}`}
            query={widgetOf(site, view)}
          />
        </>
      }
    >
      <Stack gap="md">
        <FilterChips
          chips={view.filter.map(({ dimension, value }) => ({
            key: dimension,
            name: web.isValue(web.filterNames[dimension], valueName(dimension, value)),
          }))}
          onRemove={(key) => change({ filter: view.filter.filter(({ dimension }) => dimension !== key) })}
          onClear={() => change({ filter: [] })}
        />
        <Overview {...part} onMetric={(metric) => change({ metric }, { replace: true })} />
        <SimpleGrid cols={{ base: 1, md: 2 }} spacing="md">
          <Breakdown
            {...part}
            title={web.sources}
            of={SOURCES}
            chosen={view.sources}
            onChoose={(sources) => change({ sources }, { replace: true })}
          />
          <Breakdown
            {...part}
            title={web.pages}
            of={PAGES}
            chosen={view.pages}
            onChoose={(pages) => change({ pages }, { replace: true })}
          />
        </SimpleGrid>
        <Places {...part} onChoose={(places) => change({ places }, { replace: true })} />
        <SimpleGrid cols={{ base: 1, md: 2 }} spacing="md">
          <Breakdown
            {...part}
            title={web.devices}
            of={DEVICES}
            chosen={view.devices}
            onChoose={(devices) => change({ devices }, { replace: true })}
          />
          <Conversions {...part} />
        </SimpleGrid>
        <SimpleGrid cols={{ base: 1, md: 2 }} spacing="md">
          <Revenue {...part} />
          <Attribution {...part} change={change} />
        </SimpleGrid>
        <Funnel {...part} change={change} />
        <Retention {...part} change={change} />
      </Stack>
    </Page>
  );
}
