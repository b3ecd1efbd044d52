import { createTheme, type MantineColorsTuple, rem } from "@mantine/core";

/** From light to dark. 6 and 7 carry white text, 4 reads on the dark ground. */
const brand: MantineColorsTuple = [
  "#eaf4fb",
  "#d3e6f4",
  "#a5cbe8",
  "#74afdc",
  "#4d97d2",
  "#3488cc",
  "#1f77ba",
  "#0f5f99",
  "#0b4f82",
  "#063e69",
];

/**
 * Colours of data, in their order. From Okabe and Ito's set, which people with the common colour blindnesses tell apart; yellow is
 * left out, since it does not show on white. Charts never tell things by colour alone: lines are named and tables stand beside them.
 */
export const DATA_COLOURS = [
  "#0072b2",
  "#e69f00",
  "#009e73",
  "#cc79a7",
  "#56b4e9",
  "#d55e00",
  "#8a8f98",
  "#5d4fb3",
] as const;

/** The time before, and whatever is only there to compare with. */
export const COMPARED_COLOUR = "#9aa3ad";

export const theme = createTheme({
  primaryColor: "brand",
  primaryShade: { light: 7, dark: 6 },
  colors: { brand },
  fontFamily: '"Inter Variable", system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif',
  fontFamilyMonospace: 'ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace',
  defaultRadius: "md",
  autoContrast: true,
  cursorType: "pointer",
  // One type scale (ratio about 1.2) and one spacing scale (multiples of 4 px).
  fontSizes: { xs: rem(12), sm: rem(13.5), md: rem(15), lg: rem(18), xl: rem(22) },
  spacing: { xs: rem(8), sm: rem(12), md: rem(16), lg: rem(24), xl: rem(32) },
  radius: { xs: rem(2), sm: rem(4), md: rem(8), lg: rem(12), xl: rem(24) },
  headings: {
    fontWeight: "650",
    sizes: {
      h1: { fontSize: rem(22), lineHeight: "1.3" },
      h2: { fontSize: rem(15), lineHeight: "1.4" },
      h3: { fontSize: rem(13.5), lineHeight: "1.4" },
    },
  },
  components: {
    Tooltip: { defaultProps: { withArrow: true, openDelay: 250 } },
    Modal: {
      defaultProps: { centered: true, overlayProps: { backgroundOpacity: 0.45 } },
      styles: { title: { fontWeight: 650 } },
    },
    Drawer: { styles: { title: { fontWeight: 650 } } },
    Skeleton: { defaultProps: { radius: "sm" } },
  },
});
