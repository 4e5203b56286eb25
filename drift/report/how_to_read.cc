#include "drift/report/how_to_read.h"

namespace drift {

const char kHowToRead[] = R"html(
<dl>
<dt>Histograms</dt>
<dd>Grey and wide is the reference, the rows that the model was trained on; blue, outlined and narrower is the current
traffic. Where they part, the model is asked about rows of which it has seen fewer. Rows are weighted, so that rows
sampled rarely count as much as the traffic they stand for.</dd>
<dt>PSI</dt>
<dd>The population stability index adds up how far the shares of the bins have moved. 0 is no change; it grows without
limit.</dd>
<dt>KS distance</dt>
<dd>The largest gap between the two cumulative distributions, from 0 to 1: at 0.3 there is a value below which the
share of rows has changed by 30 points. A range means that the true distance lies within it.</dd>
<dt>Effective samples</dt>
<dd>How many independent rows the sampled rows are worth. Rows that come in bursts, or with very different weights,
are worth less. With few of them nothing small can be seen.</dd>
<dt>Thresholds</dt>
<dd>They are no fixed numbers: each is the tolerance plus what chance alone could add with as many rows as there are.
With few rows they lie higher and come down as rows come in. A value above one of them is larger than tolerated, and
not by chance.</dd>
<dt>Courses</dt>
<dd>The small line is the PSI over time. On a live page each point is an evaluation of the whole window; in a report it
is one part of the rows, which alone has fewer rows and fewer hours of the day and so lies higher than the whole. The
dashed lines are the thresholds of the whole.</dd>
<dt>States</dt>
<dd><b>warming</b>: too few rows to tell. <b>observing</b>: a new model, values without alerts. <b>stable</b>.
<b>warning</b>: beyond the first tolerance. <b>drifted</b>: beyond the second. <b>stale</b>: no rows any more. A live
server changes a state only when several evaluations in a row agree, at a level that keeps false alarms to the stated
rate.</dd>
<dt>Strata</dt>
<dd>The same comparison within each part of the traffic. A small stratum can drift without the whole showing it.</dd>
<dt>Quality</dt>
<dd>Drift says that the model works on other ground than it was trained on, not that it is wrong. That only labels
say: the error of the predictions whose labels came, watched by detectors of change. A low join rate makes it unknown,
not good.</dd>
<dt>What to do next</dt>
<dd>Take the worst feature first. Look whether its source, unit, encoding or join changed: a jump is mostly a fault in
the data, and is mended there. If the world changed and quality holds, make a new reference. If quality fell, train on
newer rows. If a prediction drifted and no feature did, look at the model's version and its own inputs.</dd>
</dl>)html";

}  // namespace drift
