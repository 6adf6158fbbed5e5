export { QuickFilters as Editor } from '../../editors/QuickFilters';
