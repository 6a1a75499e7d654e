// The element and the component in a page of somebody else's, with their types.
//
// SPDX-License-Identifier: Apache-2.0
import { createRoot } from 'react-dom/client';
import { defineListingMetricsDisplay, type ListingMetricsDisplayElement, type PeriodChangeDetail } from 'footfall/element';
import { ListingMetricsDisplayElement as Unregistered } from 'footfall/element-class';
import { ListingMetricsDisplay } from 'footfall/react';

const { baseUrl, userId, listingId } = Object.fromEntries(new URLSearchParams(location.search)) as Record<string, string>;

const element = document.createElement('listing-metrics-display');
element.userId = userId!;
element.listingId = listingId!;
element.baseUrl = baseUrl!;
element.period = 'monthly';
element.addEventListener('metrics-loaded', ({ detail }) => (document.title = `${detail.metrics.totalViews} views`));
element.addEventListener('period-change', ({ detail }: CustomEvent<PeriodChangeDetail>) => console.log(detail.period));
document.querySelector('#element')!.append(element);

defineListingMetricsDisplay('own-name');
const own = document.createElement('own-name') as ListingMetricsDisplayElement;
console.log(own instanceof Unregistered, own.toCsv().length);

function Page() {
  return (
    <>
      <ListingMetricsDisplay userId={userId!} listingId={listingId!} baseUrl={baseUrl} token={undefined} live onPeriodChange={({ period }) => console.log(period)} />
      <listing-metrics-display user-id={userId} listing-id={listingId} base-url={baseUrl} period="daily" theme="dark" />
    </>
  );
}
createRoot(document.querySelector('#react')!).render(<Page />);
