// The icons: strokes on a 16 px grid in the colour of the text around them. Decoration only; what they mean is said in words beside them.
const kPaths = {
  gauge: 'M2 11a6 6 0 1 1 12 0M8 11l2.500-4',
  key: 'M9.500 6.500a3 3 0 1 1-2.300-2.900M7.300 8.700 2.500 13.500M4 12l1.500 1.500M13 3l-5.500 5.500',
  upload: 'M8 10.500V3M5 5.500 8 2.500l3 3M2.500 10.500v2a1 1 0 0 0 1 1h9a1 1 0 0 0 1-1v-2',
  ticket: 'M2 5.500a1 1 0 0 1 1-1h10a1 1 0 0 1 1 1v1.200a1.300 1.300 0 0 0 0 2.600v1.200a1 1 0 0 1-1 1H3a1 1 0 0 1-1-1V9.300a1.300 1.300 0 0 0 0-2.600zM10 4.500v7',
  route: 'M4 12.500a1.500 1.500 0 1 0 0-3 1.500 1.500 0 0 0 0 3zM12 6.500a1.500 1.500 0 1 0 0-3 1.500 1.500 0 0 0 0 3zM5.500 11h4a2 2 0 0 0 0-4h-3a2 2 0 0 1 0-4h4',
  play: 'M5 3.200v9.600L12.500 8z',
  list: 'M5.500 4h8M5.500 8h8M5.500 12h8M2.500 4h.01M2.500 8h.01M2.500 12h.01',
  scale: 'M8 2.500v11M5 13.500h6M3 4.500h10M3 4.500l-1.500 4h3zM13 4.500l-1.500 4h3z',
  gear: 'M8 10a2 2 0 1 0 0-4 2 2 0 0 0 0 4zM8 2v1.500M8 12.500V14M2 8h1.500M12.500 8H14M3.800 3.800l1 1M11.200 11.200l1 1M12.200 3.800l-1 1M4.800 11.200l-1 1',
  search: 'M7 11.500a4.500 4.500 0 1 0 0-9 4.500 4.500 0 0 0 0 9zM10.500 10.500 13.500 13.500',
  copy: 'M6 5.500h6a1 1 0 0 1 1 1v6a1 1 0 0 1-1 1H6a1 1 0 0 1-1-1v-6a1 1 0 0 1 1-1zM10.500 5.500v-2a1 1 0 0 0-1-1h-6a1 1 0 0 0-1 1v6a1 1 0 0 0 1 1H5',
  check: 'M3 8.500 6.500 12 13 4.500',
  cross: 'M4 4l8 8M12 4l-8 8',
  plus: 'M8 3v10M3 8h10',
  warning: 'M8 2.500 14.500 13.500h-13zM8 6.500v3M8 11.500h.01',
  info: 'M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12zM8 7.500v3.500M8 5h.01',
  sun: 'M8 10.500a2.500 2.500 0 1 0 0-5 2.500 2.500 0 0 0 0 5zM8 1.500v1.500M8 13v1.500M1.500 8H3M13 8h1.500M3.400 3.400l1.100 1.100M11.500 11.500l1.100 1.100M12.600 3.400l-1.100 1.100M4.500 11.500l-1.100 1.100',
  moon: 'M13.500 9.500A5.700 5.700 0 0 1 6.500 2.500a5.700 5.700 0 1 0 7 7z',
  screen: 'M2.500 3.500h11v7.500h-11zM6 13.500h4M8 11v2.500',
  refresh: 'M13 8a5 5 0 1 1-1.500-3.600M13 2.500v2.500h-2.500',
  arrow: 'M3 8h10M9 4l4 4-4 4',
  back: 'M13 8H3M7 4 3 8l4 4',
  menu: 'M2.500 4.500h11M2.500 8h11M2.500 11.500h11',
  external: 'M6.500 3.500h-3v9h9v-3M9 3h4v4M13 3 7.500 8.500',
  trash: 'M3 4.500h10M6.500 4.500v-2h3v2M4.500 4.500l.5 9h6l.5-9M6.700 7v4M9.300 7v4',
  pause: 'M5.500 3.500v9M10.500 3.500v9',
  more: 'M3.500 8h.01M8 8h.01M12.500 8h.01',
  exit: 'M6.500 2.500h-3v11h3M10 5l3 3-3 3M13 8H6.500',
  download: 'M8 2.500V10M5 7.500l3 3 3-3M2.500 10.500v2a1 1 0 0 0 1 1h9a1 1 0 0 0 1-1v-2',
  globe: 'M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12zM2 8h12M8 2c2 2 2.500 4 2.500 6S10 12 8 14c-2-2-2.500-4-2.500-6S6 4 8 2z',
} as const;

export type IconName = keyof typeof kPaths;

export function Icon({ name, size = 16 }: { name: IconName; size?: number }) {
  return (
    <svg class="icon" width={size} height={size} viewBox="0 0 16 16" fill="none" stroke="currentColor" stroke-width={1.4} stroke-linecap="round" stroke-linejoin="round" aria-hidden="true" focusable="false">
      <path d={kPaths[name]} />
    </svg>
  );
}
