// The colours of the dashboards (Okabe and Ito): eight that people with any kind of
// colour blindness tell apart, on a light and on a dark ground. A colour never stands
// alone: what it says is written beside it.
{
  good: '#009E73',  // bluish green
  info: '#56B4E9',  // sky blue
  warning: '#E69F00',  // orange
  critical: '#D55E00',  // vermillion
  unknown: '#999999',  // grey
  first: '#0072B2',  // blue
  second: '#CC79A7',  // reddish purple
  third: '#F0E442',  // yellow
}
