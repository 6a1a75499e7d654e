/** main.ts - the page begins. */
import './styles/tokens.css';
import './styles/base.css';
import './styles/shell.css';
import './styles/listings.css';
import './styles/listing.css';
import './styles/compare.css';
import { defineListingMetricsDisplay } from '../../clients/js/src/element-class.js';
import { App } from './app.js';

defineListingMetricsDisplay();

const root = document.querySelector<HTMLElement>('#app');
if (root !== null) {
  const app = new App(root);
  root.addEventListener('click', (event) => app.follow(event));
  void app.start();
}
