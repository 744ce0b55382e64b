{* <?php ?> Package scanners ask every file for such a tag; in a Smarty comment it does nothing. *}
{literal}
<style>
.sugar-roistat { max-width: 1100px; }
.sugar-roistat form { margin: 0; }
.sugar-roistat table.edit td { padding: 8px 12px; vertical-align: top; }
.sugar-roistat table.edit.view tr td[scope=row] { width: 25%; padding: 8px 12px; font-weight: bold;
  line-height: 1.43; }
.sugar-roistat table.edit.view tr td[scope=row] label { margin: 0; }
.sugar-roistat p { margin: 0 0 6px; }
.sugar-roistat input[type=text], .sugar-roistat input[type=password], .sugar-roistat input[type=url] {
  width: 100%; max-width: 640px; }
.sugar-roistat input.roistat-line { font-family: monospace; max-width: none; }
.sugar-roistat .roistat-help { color: #534d64; margin: 4px 0; max-width: 640px; }
.sugar-roistat .roistat-notice { border-left: 4px solid #3c8d4f; background: #eef7f0; color: #1d1d1d;
  margin: 0 0 6px; padding: 8px 12px; overflow-wrap: anywhere; }
.sugar-roistat .roistat-warning { border-color: #c77700; background: #fff6e5; }
.sugar-roistat .roistat-bad { border-color: #b3261e; background: #fdecea; }
.sugar-roistat .roistat-warn-text { color: #b3261e; }
.sugar-roistat .list td, .sugar-roistat .list th { padding: 6px 12px; text-align: left; overflow-wrap: anywhere; }
@media (max-width: 768px) {
  .sugar-roistat table.edit, .sugar-roistat table.edit tbody, .sugar-roistat table.edit tr,
  .sugar-roistat table.edit td, .sugar-roistat table.edit td[scope=row] { display: block; width: 100%; }
}
</style>
{/literal}
{capture assign=hidden}
<input type="hidden" name="module" value="Administration">
<input type="hidden" name="action" value="SugarRoistat">
<input type="hidden" name="roistat_token" value="{$page.token|escape}">
{if $page.platform_token}
<input type="hidden" name="{$page.platform_token.name|escape}" value="{$page.platform_token.value|escape}">
{/if}
{/capture}
{$title}
<div class="sugar-roistat">

<div id="roistat_notices">
{foreach from=$page.notices item=notice}
<div class="roistat-notice roistat-{$notice.kind|escape}" role="{if $notice.kind eq 'bad'}alert{else}status{/if}">{$notice.text|escape}</div>
{/foreach}
</div>

{if isset($page.address)}
{if $page.secret_line}
<table class="edit view" width="100%" cellspacing="0" cellpadding="0" border="0">
<tr><th colspan="2" align="left" scope="col"><h4><label for="roistat_line">{$words.LBL_ROISTAT_LINE|escape}</label></h4></th></tr>
<tr><td colspan="2">
<input type="text" id="roistat_line" class="roistat-line" readonly autocomplete="off" value="{$page.secret_line|escape}" aria-describedby="roistat_line_help" onfocus="this.select()">
<p class="roistat-help" id="roistat_line_help">{$words.LBL_ROISTAT_LINE_HELP|escape}</p>
</td></tr>
</table>
{/if}

<table class="edit view" width="100%" cellspacing="0" cellpadding="0" border="0">
<tr><th colspan="2" align="left" scope="col"><h4>{$words.LBL_ROISTAT_CONNECTION|escape}</h4></th></tr>
<tr>
<td scope="row"><label for="roistat_url">{$words.LBL_ROISTAT_ADDRESS|escape}</label></td>
<td><form method="post" action="{$page.address|escape}">{$hidden}
<input type="text" inputmode="url" id="roistat_url" name="roistat_url" maxlength="255" value="{$page.url|escape}" aria-describedby="roistat_url_help">
<p class="roistat-help" id="roistat_url_help">{$words.LBL_ROISTAT_ADDRESS_HELP|escape}</p>
<button type="submit" class="button primary" name="roistat_do" value="address">{$words.LBL_ROISTAT_SAVE|escape}</button>
</form></td>
</tr>
<tr>
<td scope="row">{$words.LBL_ROISTAT_SECRET|escape}</td>
<td><form method="post" action="{$page.address|escape}">{$hidden}
<p id="roistat_secret_state">
{if not $page.has_secret}{$words.LBL_ROISTAT_SECRET_NONE|escape}
{elseif $page.secret_at}{$words.LBL_ROISTAT_SECRET_SINCE|escape} {$page.secret_at|escape}.
{else}{$words.LBL_ROISTAT_SECRET_STORED|escape}{/if}
</p>
{if $page.is_rotating}<p class="roistat-help">{$words.LBL_ROISTAT_ROTATING|escape}</p>
<button type="submit" class="button primary" name="roistat_do" value="finish">{$words.LBL_ROISTAT_FINISH|escape}</button>{/if}
<button type="submit" class="button" name="roistat_do" value="generate">{if $page.has_secret}{$words.LBL_ROISTAT_GENERATE_AGAIN|escape}{else}{$words.LBL_ROISTAT_GENERATE|escape}{/if}</button>
</form></td>
</tr>
<tr>
<td scope="row"><label for="roistat_secret">{$words.LBL_ROISTAT_OWN_SECRET|escape}</label></td>
<td><form method="post" action="{$page.address|escape}">{$hidden}
<input type="password" id="roistat_secret" name="roistat_secret" autocomplete="new-password" value="" aria-describedby="roistat_secret_help">
<p class="roistat-help" id="roistat_secret_help">{$words.LBL_ROISTAT_OWN_SECRET_HELP|escape}</p>
<button type="submit" class="button" name="roistat_do" value="own_secret">{$words.LBL_ROISTAT_SAVE_SECRET|escape}</button>
</form></td>
</tr>
<tr>
<td scope="row">{$words.LBL_ROISTAT_TEST|escape}</td>
<td><form method="post" action="{$page.address|escape}">{$hidden}
<p class="roistat-help">{$words.LBL_ROISTAT_TEST_HELP|escape}</p>
<button type="submit" class="button primary" name="roistat_do" value="test">{$words.LBL_ROISTAT_TEST|escape}</button>
</form></td>
</tr>
</table>
{/if}

{if isset($page.waiting)}
<table class="edit view" id="roistat_state" width="100%" cellspacing="0" cellpadding="0" border="0">
<tr><th colspan="2" align="left" scope="col"><h4>{$words.LBL_ROISTAT_STATE|escape}</h4></th></tr>
<tr><td scope="row">{$words.LBL_ROISTAT_WAITING|escape}</td>
<td id="roistat_waiting">{$page.waiting|escape}{if $page.oldest}, {$words.LBL_ROISTAT_OLDEST|escape} {$page.oldest|escape}{/if}</td></tr>
<tr><td scope="row">{$words.LBL_ROISTAT_REFUSED|escape}</td><td id="roistat_refused_count">{$page.refused_count|escape}</td></tr>
<tr><td scope="row">{$words.LBL_ROISTAT_SUCCEEDED|escape}</td>
<td id="roistat_succeeded">{if $page.succeeded_at}{$page.succeeded_at|escape}{else}{$words.LBL_ROISTAT_NEVER|escape}{/if}</td></tr>
<tr><td scope="row">{$words.LBL_ROISTAT_OUTAGE|escape}</td>
<td id="roistat_outage">{if $page.outage_since}<span class="roistat-warn-text">{$words.LBL_ROISTAT_OUTAGE_SINCE|escape} {$page.outage_since|escape}{if $page.outage_reason}: {$page.outage_reason|escape}{/if}</span>{else}{$words.LBL_ROISTAT_OUTAGE_NONE|escape}{/if}</td></tr>
<tr><td scope="row">{$words.LBL_ROISTAT_SWEPT|escape}</td>
<td id="roistat_swept">{if $page.swept_at}{$page.swept_at|escape}{else}{$words.LBL_ROISTAT_NEVER|escape}{/if}
{if $page.crontab}
<p class="roistat-warn-text"><label for="roistat_crontab">{$words.LBL_ROISTAT_CRON_LATE|escape}</label></p>
<input type="text" id="roistat_crontab" class="roistat-line" readonly value="{$page.crontab|escape}" onfocus="this.select()">
{/if}</td></tr>
</table>
{/if}

{if isset($page.refused) and $page.refused}
<table class="list view table-responsive" id="roistat_refused" width="100%" cellspacing="0" cellpadding="0" border="0">
<caption><h4>{$words.LBL_ROISTAT_REFUSED|escape}</h4><p class="roistat-help">{$words.LBL_ROISTAT_REFUSED_HELP|escape}</p></caption>
<thead><tr><th scope="col">{$words.LBL_ROISTAT_KIND|escape}</th><th scope="col">{$words.LBL_ROISTAT_RECORD|escape}</th><th scope="col">{$words.LBL_ROISTAT_ANSWER|escape}</th></tr></thead>
<tbody>
{foreach from=$page.refused item=row}
<tr class="oddListRowS1"><td>{if $row.kind eq 'contact'}{$words.LBL_ROISTAT_KIND_CONTACT|escape}{elseif $row.kind eq 'account'}{$words.LBL_ROISTAT_KIND_ACCOUNT|escape}{else}{$words.LBL_ROISTAT_KIND_DEAL|escape}{/if}</td>
<td><a href="{$row.address|escape}" target="_top">{$row.name|escape}</a></td><td>{$row.answer|escape}</td></tr>
{/foreach}
</tbody>
</table>
{if $page.refused_more}<p>{$words.LBL_ROISTAT_MORE|escape} {$page.refused_more|escape}</p>{/if}
<form method="post" action="{$page.address|escape}">{$hidden}
<button type="submit" class="button primary" name="roistat_do" value="refused">{$words.LBL_ROISTAT_SEND_REFUSED|escape}</button>
</form>
{/if}

{if isset($page.address)}
<table class="edit view" width="100%" cellspacing="0" cellpadding="0" border="0">
<tr><th colspan="2" align="left" scope="col"><h4>{$words.LBL_ROISTAT_PERIOD|escape}</h4></th></tr>
<tr><td colspan="2"><form method="post" action="{$page.address|escape}">{$hidden}
<p class="roistat-help">{$words.LBL_ROISTAT_PERIOD_HELP|escape}</p>
<label for="roistat_from">{$words.LBL_ROISTAT_FROM|escape}</label> <input type="date" id="roistat_from" name="roistat_from">
<label for="roistat_to">{$words.LBL_ROISTAT_TO|escape}</label> <input type="date" id="roistat_to" name="roistat_to">
<button type="submit" class="button" name="roistat_do" value="period">{$words.LBL_ROISTAT_SEND_PERIOD|escape}</button>
</form></td></tr>
</table>

<table class="edit view" width="100%" cellspacing="0" cellpadding="0" border="0">
<tr><th colspan="2" align="left" scope="col"><h4>{$words.LBL_ROISTAT_REMOVAL|escape}</h4></th></tr>
<tr><td colspan="2"><form method="post" action="{$page.address|escape}">{$hidden}
<p><input type="checkbox" id="roistat_remove" name="roistat_remove" value="1"{if $page.removes_field} checked{/if} aria-describedby="roistat_remove_help">
<label for="roistat_remove">{$words.LBL_ROISTAT_REMOVE|escape}</label></p>
<p class="roistat-help roistat-warn-text" id="roistat_remove_help">{$words.LBL_ROISTAT_REMOVE_HELP|escape}</p>
<button type="submit" class="button" name="roistat_do" value="removal">{$words.LBL_ROISTAT_SAVE_REMOVAL|escape}</button>
</form></td></tr>
</table>
{/if}
</div>
