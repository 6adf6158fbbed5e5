export { Editor } from './editor';
export { frames } from './frames';
export { model } from './model';
