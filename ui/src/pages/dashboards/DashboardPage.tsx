/** One dashboard: looked at, arranged, shared, shown on the whole screen. */
import { ActionIcon, Anchor, Button, Group, Menu, Modal, Stack, Text } from "@mantine/core";
import {
  IconArrowsMaximize,
  IconArrowsMinimize,
  IconCheck,
  IconDotsVertical,
  IconLayoutGrid,
  IconPlus,
  IconShare,
} from "@tabler/icons-react";
import { useState } from "react";
import { Link, useLocation, useParams } from "wouter";
import { useAsk } from "@/api/queries";
import { Page } from "@/parts/Page";
import { Empty, Failure, Loading } from "@/parts/states";
import { useMay, useProject } from "@/state/session";
import { flag, useUrlState } from "@/state/url";
import { texts } from "@/texts";
import { dashboards } from "@/texts/dashboards";
import { insteadOf, LookControls, lookFields } from "./Controls";
import { DashboardMenu } from "./DashboardMenu";
import { type Dashboard, firstSize, placeFor, readData, type Widget, type WidgetDraft } from "./dashboards";
import { Grid } from "./Grid";
import { type Step, stepped } from "./layout";
import { Share } from "./Share";
import { useDashboard } from "./useDashboard";
import { WidgetEditor } from "./WidgetEditor";

const fields = { ...lookFields, edit: flag(), full: flag() } as const;
/** The whole screen is for walls: it asks again by itself. */
const FULL_EVERY_S = 60;

export default function DashboardPage() {
  const { id = "" } = useParams();
  const { asked } = useDashboard(id);
  if (asked.data) return <Opened id={id} dashboard={asked.data} />;
  return (
    <Page title={texts.shell.pages.dashboards}>
      {asked.isError ? (
        <Failure error={asked.error} retry={() => void asked.refetch()} height="50vh" />
      ) : (
        <Loading height="70vh" />
      )}
    </Page>
  );
}

function Opened({ id, dashboard }: { id: string; dashboard: Dashboard }) {
  const project = useProject().id;
  const [view, change] = useUrlState(fields);
  const { asked, save, conflict, settle } = useDashboard(id);
  const [, go] = useLocation();
  const may = useMay("member");
  const editing = may && view.edit && !view.full;
  const [sharing, setSharing] = useState(false);
  const [edited, setEdited] = useState<Widget | "new" | null>(null);
  const { widgets } = dashboard;
  const instead = insteadOf(view);
  const every = view.full ? Math.max(Number(view.every), FULL_EVERY_S) : Number(view.every);
  const questions = widgets.map(({ id: widget, type, query }) => [widget, type, query]);
  const data = useAsk(
    [project, "dashboards", id, "data", questions, instead],
    async (signal) => ({
      instead,
      answers: await readData(`/solinth/v1/dashboards/${encodeURIComponent(id)}`, instead, signal),
    }),
    { when: widgets.length > 0, ...(every > 0 ? { every: every * 1000 } : {}) },
  );

  const put = async (draft: WidgetDraft) => {
    const next =
      edited === "new" || edited === null
        ? [...widgets, { ...draft, position: placeFor(widgets, firstSize(draft)) }]
        : widgets.map((one) => (one.id === edited.id ? { ...one, ...draft } : one));
    if (await save({ widgets: next })) setEdited(null);
  };
  const duplicate = ({ id: _id, position, ...draft }: Widget) =>
    save({ widgets: [...widgets, { ...draft, position: placeFor(widgets, position) }] });
  const fullScreen = () => {
    change({ full: !view.full, edit: false });
    if (view.full) void document.exitFullscreen?.().catch(() => undefined);
    else void document.documentElement.requestFullscreen?.().catch(() => undefined);
  };

  const actions = (
    <>
      <LookControls look={view} change={change} />
      {may && !view.full && (
        <>
          <Button leftSection={<IconPlus size={16} aria-hidden />} onClick={() => setEdited("new")}>
            {dashboards.addWidget}
          </Button>
          <Button
            variant={editing ? "light" : "default"}
            leftSection={editing ? <IconCheck size={16} aria-hidden /> : <IconLayoutGrid size={16} aria-hidden />}
            onClick={() => change({ edit: !view.edit })}
            aria-pressed={editing}
          >
            {editing ? dashboards.arranged : dashboards.arrange}
          </Button>
          <Button variant="default" leftSection={<IconShare size={16} aria-hidden />} onClick={() => setSharing(true)}>
            {dashboard.share_token ? dashboards.shared : dashboards.share.button}
          </Button>
        </>
      )}
      <ActionIcon
        variant="default"
        size={36}
        onClick={fullScreen}
        aria-label={view.full ? dashboards.leaveFull : dashboards.full}
      >
        {view.full ? <IconArrowsMinimize size={18} /> : <IconArrowsMaximize size={18} />}
      </ActionIcon>
      {may && !view.full && (
        <DashboardMenu
          dashboard={dashboard}
          onRenamed={() => void asked.refetch()}
          onDeleted={() => go("/dashboards")}
        />
      )}
    </>
  );
  const menu = (widget: Widget, narrow: boolean) => (
    <WidgetMenu
      widget={widget}
      onEdit={() => setEdited(widget)}
      onDuplicate={() => void duplicate(widget)}
      onRemove={() => void save({ widgets: widgets.filter((one) => one.id !== widget.id) })}
      {...(editing && !narrow
        ? { onStep: (step: Step) => void save({ widgets: stepped(widgets, widget.id, step) }) }
        : {})}
    />
  );
  return (
    <Page
      title={dashboard.name}
      about={
        view.full ? (
          dashboard.description
        ) : (
          <>
            <Anchor component={Link} href="/dashboards" size="sm">
              {texts.shell.pages.dashboards}
            </Anchor>
            {dashboard.description && ` · ${dashboard.description}`}
          </>
        )
      }
      actions={actions}
    >
      {editing && (
        <Text size="sm" className="soft" mb="sm">
          {dashboards.arrangeHint}
        </Text>
      )}
      {widgets.length === 0 ? (
        <Empty
          title={dashboards.noWidgets}
          hint={dashboards.noWidgetsHint}
          height="50vh"
          action={may && <Button onClick={() => setEdited("new")}>{dashboards.addWidget}</Button>}
        />
      ) : data.isError && !data.data ? (
        <Failure error={data.error} retry={() => void data.refetch()} height="50vh" />
      ) : (
        <Grid
          widgets={widgets}
          answers={data.data?.answers}
          instead={data.data?.instead ?? null}
          {...(editing ? { onArrange: (next) => void save({ widgets: next }) } : {})}
          {...(may && !view.full ? { menu } : {})}
        />
      )}
      <Share
        dashboard={dashboard}
        opened={sharing}
        onClose={() => setSharing(false)}
        onChanged={() => asked.refetch()}
      />
      {edited !== null && (
        <WidgetEditor widget={edited === "new" ? null : edited} onClose={() => setEdited(null)} onSave={put} />
      )}
      <Modal
        opened={conflict !== null}
        onClose={settle}
        title={dashboards.conflict.title}
        closeButtonProps={{ "aria-label": texts.shell.close }}
      >
        <Stack>
          <Text size="sm">{dashboards.conflict.about}</Text>
          <Group justify="flex-end" gap="xs">
            <Button
              variant="default"
              onClick={() => {
                settle();
                if (conflict) void save(conflict, { force: true });
              }}
            >
              {dashboards.conflict.mine}
            </Button>
            <Button onClick={settle} data-autofocus>
              {dashboards.conflict.theirs}
            </Button>
          </Group>
        </Stack>
      </Modal>
    </Page>
  );
}

interface WidgetMenuProps {
  widget: Widget;
  onEdit: () => void;
  onDuplicate: () => void;
  onRemove: () => void;
  /** While it is arranged. */
  onStep?: (step: Step) => void;
}

const STEPS: readonly Step[] = ["left", "right", "up", "down", "wider", "narrower", "taller", "lower"];

function WidgetMenu({ widget, onEdit, onDuplicate, onRemove, onStep }: WidgetMenuProps) {
  return (
    <Menu position="bottom-end" withinPortal>
      <Menu.Target>
        <ActionIcon
          variant="subtle"
          color="gray"
          aria-label={dashboards.widgetMenu(widget.title || dashboards.untitled)}
        >
          <IconDotsVertical size={16} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item onClick={onEdit}>{dashboards.edit}</Menu.Item>
        <Menu.Item onClick={onDuplicate}>{dashboards.duplicate}</Menu.Item>
        {onStep && (
          <>
            <Menu.Divider />
            {STEPS.map((step) => (
              <Menu.Item key={step} closeMenuOnClick={false} onClick={() => onStep(step)}>
                {dashboards.steps[step]}
              </Menu.Item>
            ))}
          </>
        )}
        <Menu.Divider />
        <Menu.Item color="red.8" onClick={onRemove}>
          {texts.shell.remove}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
