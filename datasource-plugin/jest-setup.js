import './.config/jest-setup';
import { configure } from '@testing-library/react';

configure({ asyncUtilTimeout: 20_000 });

// What jsdom has not, and Grafana's inputs measure and observe with.
HTMLCanvasElement.prototype.getContext = () => ({ measureText: (text) => ({ width: text.length * 8 }) });
class Observer {
  observe() {}
  unobserve() {}
  disconnect() {}
}
Object.assign(global, { ResizeObserver: Observer, IntersectionObserver: Observer });
Element.prototype.scrollIntoView = () => undefined;
Element.prototype.scrollTo = () => undefined;
