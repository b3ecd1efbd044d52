/** Texts of the dashboards. */
export const dashboards = {
  add: {
    button: "Add to dashboard",
    title: "Add to a dashboard",
    widgetTitle: "Title of the widget",
    dashboard: "Dashboard",
    newDashboard: "A new dashboard …",
    newName: "Name of the new dashboard",
    action: "Add",
    done: "Added to",
  },
} as const;
