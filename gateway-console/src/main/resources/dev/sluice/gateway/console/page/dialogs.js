// What is asked of the user: the token, and whether it is meant.

import {ApiError, get, keepToken} from './api.js';

const byId = (id) => document.getElementById(id);

function fail(paragraph, failure) {
  paragraph.textContent = failure instanceof ApiError ? failure.message : 'The bot does not answer.';
  paragraph.hidden = false;
}

/** Asks for the token until one is right. */
export function login(onDone) {
  const dialog = byId('login');
  if (dialog.open) {
    return;
  }
  const field = byId('token');
  const wrong = byId('login-wrong');
  wrong.hidden = true;
  field.value = '';
  dialog.oncancel = (event) => event.preventDefault(); // there is nothing to see without
  dialog.querySelector('form').onsubmit = async (event) => {
    event.preventDefault();
    keepToken(field.value);
    try {
      const {authorized} = await get('api/console');
      if (authorized) {
        field.value = '';
        dialog.close();
        onDone();
        return;
      }
      wrong.textContent = 'This is not the token of this console.';
      wrong.hidden = false;
    } catch (failure) {
      fail(wrong, failure);
    }
    keepToken(null);
    field.select();
  };
  dialog.showModal();
}

/**
 * Asks whether it is meant, and does it.
 *
 * @param question title, text, yes (the button), number (label, min, max, value) or none
 * @param act called with the number; its failure is shown, and the dialog stays
 */
export function confirm(question, act) {
  const dialog = byId('confirm');
  const number = byId('confirm-number');
  const wrong = byId('confirm-wrong');
  const yes = byId('confirm-yes');
  byId('confirm-title').textContent = question.title;
  byId('confirm-text').textContent = question.text;
  yes.textContent = question.yes;
  yes.disabled = false;
  wrong.hidden = true;
  byId('confirm-field').hidden = !question.number;
  number.required = Boolean(question.number);
  number.disabled = !question.number;
  if (question.number) {
    byId('confirm-label').textContent = question.number.label;
    number.min = question.number.min;
    number.max = question.number.max;
    number.value = question.number.value;
  }
  byId('confirm-no').onclick = () => dialog.close();
  dialog.querySelector('form').onsubmit = async (event) => {
    event.preventDefault();
    yes.disabled = true;
    wrong.hidden = true;
    try {
      await act(question.number ? Number(number.value) : undefined);
      dialog.close();
    } catch (failure) {
      fail(wrong, failure);
    }
    yes.disabled = false;
  };
  dialog.showModal();
  if (question.number) {
    number.select();
  } else {
    byId('confirm-no').focus(); // a key pressed too often does no harm
  }
}
