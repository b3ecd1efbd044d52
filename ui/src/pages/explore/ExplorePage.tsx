/** Explore: a question put together by hand, its answer drawn, and the way to ask the same from code. */
import { Button, Group, Stack, Text } from "@mantine/core";
import { IconDownload } from "@tabler/icons-react";
import { type RefObject, useMemo, useRef } from "react";
import { Link } from "wouter";
import { askText, parseExact } from "@/api/exact";
import { useAsk } from "@/api/queries";
import { formatDecimal } from "@/format/numbers";
import { AddToDashboard } from "@/pages/dashboards/AddToDashboard";
import type { ChartHandle } from "@/parts/charts/Chart";
import { downloadCsv } from "@/parts/download";
import { Page } from "@/parts/Page";
import { Panel } from "@/parts/Panel";
import { RangePicker } from "@/parts/RangePicker";
import { Snippets } from "@/parts/Snippet";
import { Answer as AnswerState, Empty } from "@/parts/states";
import { useProject } from "@/state/session";
import { useUrlState } from "@/state/url";
import { texts } from "@/texts";
import { explore } from "@/texts/explore";
import { AnswerView, daysText, HEIGHT, measureOf, TableView, WholeRange } from "./AnswerView";
import { type Answer, readAnswer } from "./answer";
import { Builder } from "./Builder";
import {
  daysOfQuestion,
  missingOf,
  type Parameters,
  parametersOf,
  type Question,
  questionFields,
  widgetQueryOf,
  widgetTypeOf,
  zoneOf,
} from "./question";
import { asCurl, asJavaScript, asPython } from "./snippets";
import { csvOf } from "./table";
import { useEventNames } from "./vocabulary";

export default function ExplorePage() {
  const [asked, change] = useUrlState(questionFields);
  const names = useEventNames("");
  // A page that is opened bare asks for what there is most of.
  const question = useMemo(
    () => (asked.event ? asked : { ...asked, event: names.data?.events[0]?.name ?? "" }),
    [asked, names.data],
  );
  const zone = zoneOf(question);
  const missing = missingOf(question);
  const parameters = useMemo(() => parametersOf(question), [question]);
  const project = useProject();
  const answer = useAsk(
    ["explore", project.id, parameters],
    async (signal) => ({
      question,
      answer: readAnswer(parseExact(await askText("/solinth/v1/metrics", parameters, signal)), question.by, zone),
    }),
    { when: missing === null },
  );
  const chart = useRef<ChartHandle | null>(null);
  const widget = widgetTypeOf(question);
  const drawn = question.view !== "table" && question.view !== "number";
  return (
    <Page
      title={explore.title}
      about={explore.about}
      actions={
        <>
          <RangePicker values={question} zone={zone} onChange={(range) => change({ zone, ...range })} />
          {missing === null && widget && (
            <AddToDashboard type={widget} title={titleOf(question)} query={widgetQueryOf(question)} />
          )}
        </>
      }
    >
      <Stack gap="md">
        <Panel>
          <Builder question={question} change={change} />
        </Panel>
        {missing ? (
          <Panel>
            <Missing empty={names.data?.events.length === 0} what={missing} question={question} />
          </Panel>
        ) : (
          <>
            <Panel
              title={titleOf(question)}
              about={explore.over(daysText(daysOfQuestion(question)), zone)}
              actions={
                answer.data && (
                  <Downloads question={answer.data.question} answer={answer.data.answer} chart={drawn ? chart : null} />
                )
              }
            >
              <AnswerState
                of={answer}
                height={drawn ? HEIGHT : HEIGHT / 2}
                isEmpty={({ answer: given }) => isEmpty(given)}
                empty={<Empty title={explore.noData} hint={explore.noDataHint} height={HEIGHT} />}
              >
                {({ question: asked, answer: given }) => (
                  <Stack gap="sm">
                    <AnswerView question={asked} answer={given} handle={chart} />
                    {given.totalGroups > given.groups.length && asked.view !== "number" && (
                      <Text size="xs" className="soft">
                        {explore.truncated(
                          formatDecimal(String(given.groups.length)),
                          formatDecimal(String(given.totalGroups)),
                        )}
                      </Text>
                    )}
                  </Stack>
                )}
              </AnswerState>
            </Panel>
            {drawn && answer.data && !isEmpty(answer.data.answer) && (
              <Panel title={explore.numbers}>
                <Stack gap="md">
                  <WholeRange question={answer.data.question} answer={answer.data.answer} />
                  <TableView question={answer.data.question} answer={answer.data.answer} />
                </Stack>
              </Panel>
            )}
            <Code parameters={parameters} />
          </>
        )}
      </Stack>
    </Page>
  );
}

function titleOf(question: Question): string {
  return `${question.event}, ${measureOf(question)}`;
}

function isEmpty({ whole, before, groups }: Answer): boolean {
  if (groups.length > 0) return false;
  const nothing = (value: string | null) => value === null || Number(value) === 0;
  return (
    nothing(whole.count) &&
    nothing(whole.total) &&
    (before === null || nothing(before.total)) &&
    whole.points.every(({ value }) => nothing(value))
  );
}

interface MissingProps {
  what: "event" | "property" | "group";
  question: Question;
  /** There are no events at all. */
  empty: boolean;
}

function Missing({ what, question, empty }: MissingProps) {
  if (what === "event" && empty)
    return (
      <Empty
        title={explore.noEventsTitle}
        hint={explore.noEventsHint}
        height={HEIGHT}
        action={
          <Button component={Link} href="/onboarding">
            {texts.shell.pages.onboarding}
          </Button>
        }
      />
    );
  if (what === "event") return <Empty title={explore.startTitle} hint={explore.startHint} height={HEIGHT} />;
  if (what === "group") return <Empty title={explore.needGroup} hint={explore.needGroupHint} height={HEIGHT} />;
  return (
    <Empty
      title={explore.needProperty}
      hint={explore.needPropertyHint(explore.metrics[question.metric])}
      height={HEIGHT}
    />
  );
}

interface DownloadsProps {
  question: Question;
  answer: Answer;
  /** Null when nothing is drawn that could be a picture. */
  chart: RefObject<ChartHandle | null> | null;
}

function Downloads({ question, answer, chart }: DownloadsProps) {
  const name = `${question.event} ${question.metric}`.replace(/[^\p{L}\p{N}_-]+/gu, "-").slice(0, 80);
  const csv = () => {
    const { head, rows } = csvOf(question, answer);
    downloadCsv(name, head, rows);
  };
  return (
    <Group gap={6}>
      <Button size="xs" variant="default" leftSection={<IconDownload size={14} aria-hidden />} onClick={csv}>
        {texts.shell.csv}
      </Button>
      {chart && (
        <Button
          size="xs"
          variant="default"
          leftSection={<IconDownload size={14} aria-hidden />}
          onClick={() => chart.current?.savePng(name)}
        >
          {texts.shell.png}
        </Button>
      )}
    </Group>
  );
}

function Code({ parameters }: { parameters: Parameters }) {
  const { origin } = window.location;
  return (
    <Panel title={explore.copyAs} about={explore.copyAbout}>
      <Snippets
        label={explore.copyAs}
        of={[
          { name: explore.languages.curl, code: asCurl(origin, parameters) },
          { name: explore.languages.python, code: asPython(origin, parameters) },
          { name: explore.languages.javascript, code: asJavaScript(origin, parameters) },
        ]}
      />
    </Panel>
  );
}
