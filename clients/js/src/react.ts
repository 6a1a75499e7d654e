/**
 * react.ts - what `import { ListingMetricsDisplay } from 'footfall/react'` offers: the element as a component.
 *
 * React 18 and 19. What is set goes to the element's properties, so a token never stands in markup.
 * On a server it makes the bare tag; the numbers come in the browser.
 */
import {
  createElement, type CSSProperties, type ForwardedRef, forwardRef, type ReactElement, type ReactNode, type Ref, useEffect, useImperativeHandle,
  useLayoutEffect, useRef,
} from 'react';
import './element.js';
import type {
  ListingMetricsDisplayElement, ListingMetricsDisplayProperties, MetricsErrorDetail, MetricsLoadedDetail, PeriodChangeDetail,
} from './element-types.js';

export type * from './element-types.js';

type Optional = { [Name in keyof ListingMetricsDisplayProperties]?: ListingMetricsDisplayProperties[Name] | undefined };

/** A property that is left out has the element's default. */
export interface ListingMetricsDisplayProps extends Optional {
  userId: string;
  listingId: string;
  id?: string | undefined;
  className?: string | undefined;
  style?: CSSProperties | undefined;
  onMetricsLoaded?: ((detail: MetricsLoadedDetail) => void) | undefined;
  onMetricsError?: ((detail: MetricsErrorDetail) => void) | undefined;
  onPeriodChange?: ((detail: PeriodChangeDetail) => void) | undefined;
}

const DEFAULTS: Omit<ListingMetricsDisplayProperties, 'userId' | 'listingId'> = {
  period: 'weekly', startDate: '', endDate: '', live: false, baseUrl: '', token: '', timezone: '', theme: 'auto',
  heading: null, locale: '', messages: {},
};

// on a server useLayoutEffect does nothing but warn
const useBeforePaint = typeof document === 'undefined' ? useEffect : useLayoutEffect;

/** Sets a property when it changes, and leaves alone what the visitor changed since. */
function useProperty<Name extends keyof ListingMetricsDisplayProperties>(
  element: { current: ListingMetricsDisplayElement | null }, name: Name, value: ListingMetricsDisplayProperties[Name],
): void {
  useBeforePaint(() => {
    const { current } = element;
    if (current !== null) (current as ListingMetricsDisplayProperties)[name] = value;
  }, [value]);
}

function useDetail<Detail>(
  element: { current: ListingMetricsDisplayElement | null }, name: string, listener: ((detail: Detail) => void) | undefined,
): void {
  useBeforePaint(() => {
    const { current } = element;
    if (current === null || listener === undefined) return undefined;
    const hear = (event: Event): void => {
      if (event.target === current) listener((event as CustomEvent<Detail>).detail);
    };
    current.addEventListener(name, hear);
    return () => current.removeEventListener(name, hear);
  }, [listener]);
}

function render(props: ListingMetricsDisplayProps, outer: ForwardedRef<ListingMetricsDisplayElement>): ReactElement {
  const element = useRef<ListingMetricsDisplayElement>(null);
  useImperativeHandle(outer, () => element.current as ListingMetricsDisplayElement, []);
  useDetail(element, 'metrics-loaded', props.onMetricsLoaded);
  useDetail(element, 'metrics-error', props.onMetricsError);
  useDetail(element, 'period-change', props.onPeriodChange);
  useProperty(element, 'userId', props.userId);
  useProperty(element, 'listingId', props.listingId);
  useProperty(element, 'period', props.period ?? DEFAULTS.period);
  useProperty(element, 'startDate', props.startDate ?? DEFAULTS.startDate);
  useProperty(element, 'endDate', props.endDate ?? DEFAULTS.endDate);
  useProperty(element, 'live', props.live ?? DEFAULTS.live);
  useProperty(element, 'baseUrl', props.baseUrl ?? DEFAULTS.baseUrl);
  useProperty(element, 'token', props.token ?? DEFAULTS.token);
  useProperty(element, 'timezone', props.timezone ?? DEFAULTS.timezone);
  useProperty(element, 'theme', props.theme ?? DEFAULTS.theme);
  useProperty(element, 'heading', props.heading ?? DEFAULTS.heading);
  useProperty(element, 'locale', props.locale ?? DEFAULTS.locale);
  useProperty(element, 'messages', props.messages ?? DEFAULTS.messages);
  // `class`: React 18 hands className to custom elements as an attribute of that name
  return createElement('listing-metrics-display', {
    ref: element, id: props.id, class: props.className, style: props.style, suppressHydrationWarning: true,
  });
}

export const ListingMetricsDisplay = forwardRef(render);
ListingMetricsDisplay.displayName = 'ListingMetricsDisplay';

/** The tag itself, for those who write it in JSX. */
export interface ListingMetricsDisplayAttributes {
  'user-id'?: string | undefined;
  'listing-id'?: string | undefined;
  period?: ListingMetricsDisplayProperties['period'] | undefined;
  'start-date'?: string | undefined;
  'end-date'?: string | undefined;
  live?: boolean | '' | undefined;
  'base-url'?: string | undefined;
  token?: string | undefined;
  timezone?: string | undefined;
  theme?: ListingMetricsDisplayProperties['theme'] | undefined;
  heading?: string | undefined;
  locale?: string | undefined;
  ref?: Ref<ListingMetricsDisplayElement> | undefined;
  key?: string | number | undefined;
  id?: string | undefined;
  class?: string | undefined;
  slot?: string | undefined;
  style?: CSSProperties | undefined;
  children?: ReactNode;
}

declare module 'react' {
  namespace JSX {
    interface IntrinsicElements {
      'listing-metrics-display': ListingMetricsDisplayAttributes;
    }
  }
}
